#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/arena.h"
#include "hon/base/error.h"
#include "hon/http/known_headers.h"

namespace hon::http {

inline constexpr Sentinel ErrInvalidHeaderName{"http: invalid header field name"};

/// Go's CanonicalHeaderKey: upper case after the start and each "-", else lower; a name with a
/// byte that no field name may hold comes back unchanged.
std::string CanonicalHeaderKey(std::string_view name);

/// The fields of a message head, in order. Names compare without regard to case (RFC 9110 §5.1).
/// A request's fields show the bytes as they came; Set and Add canonicalise names as Go does.
/// Lifetime: views from a request's Header end when its handler returns; copy what you keep.
/// Not thread-safe.
class Header {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
    HeaderId id = HeaderId::kUnknown;
  };

  Header() = default;
  Header(Header&&) noexcept = default;
  Header& operator=(Header&&) noexcept = default;
  /// Copies every field into the new Header's own memory.
  [[nodiscard]] Header Clone() const;

  /// The first value of `name`, or "".
  [[nodiscard]] std::string_view Get(std::string_view name) const;
  [[nodiscard]] std::string_view Get(HeaderId id) const;
  /// All values of `name`, in order.
  [[nodiscard]] std::vector<std::string_view> Values(std::string_view name) const;
  [[nodiscard]] bool Has(std::string_view name) const;
  [[nodiscard]] bool Has(HeaderId id) const;

  /// Replaces all fields of `name` by one. The text is copied. A name that is no token is refused
  /// (ErrInvalidHeaderName, nothing stored); in a value, surrounding blanks are cut and CR, LF,
  /// NUL and other control bytes except TAB become spaces, so that nothing can be injected.
  /// The result may be ignored, as a porter will.
  bool Set(std::string_view name, std::string_view value);
  bool Set(HeaderId id, std::string_view value);
  /// Appends a field; otherwise as Set.
  bool Add(std::string_view name, std::string_view value);
  /// As Add, with the spelling of `name` kept.
  bool AddExact(std::string_view name, std::string_view value);
  /// Removes all fields of `name`.
  void Del(std::string_view name);
  void Del(HeaderId id);
  /// Go's `h[name] = nil`: no field is sent, and the server adds none by itself
  /// (Date, Content-Type, ...).
  void Suppress(std::string_view name);
  [[nodiscard]] bool Suppressed(HeaderId id) const;

  [[nodiscard]] size_t Len() const { return fields_.size(); }
  [[nodiscard]] bool Empty() const { return fields_.empty(); }
  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }

  // For parsers.

  /// Appends a field that shows the caller's memory, unchecked.
  void AddView(std::string_view name, std::string_view value, HeaderId id) {
    fields_.push_back({name, value, id});
    if (id != HeaderId::kUnknown) known_ |= Bit(id);
  }
  /// Removes everything; keeps some capacity for the next message.
  void Reset();

 private:
  static constexpr uint64_t Bit(HeaderId id) { return uint64_t{1} << static_cast<unsigned>(id); }

  std::vector<Field> fields_;
  Arena arena_;
  uint64_t known_ = 0;       // which known names are present: absence needs no search
  uint64_t suppressed_ = 0;
};

}  // namespace hon::http
