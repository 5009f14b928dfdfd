#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/base/arena.h"
#include "hon/base/error.h"
#include "hon/http/known_headers.h"
#include "hon/io/io.h"

namespace hon::http {

/// Prefix of a field name in a response's Header: the field is sent as a trailer, and may be set
/// until the handler returns.
inline constexpr std::string_view TrailerPrefix = "Trailer:";

/// Go's CanonicalHeaderKey: upper case after the start and each "-", else lower; a name with a
/// byte that no field name may hold comes back unchanged.
std::string CanonicalHeaderKey(std::string_view name);

/// The fields of a message head, in order. Names compare without regard to case (RFC 9110 §5.1). A
/// request's fields show the bytes as they came; Set and Add canonicalise names as Go does.
/// Lifetime: a view from Get or from iteration ends when its field is changed, and with the
/// message: from a request's Header when the handler returns. Copy what you keep. Not thread-safe.
class Header {
 public:
  /// One line of a head. The texts are views, with the lifetime that Header states.
  struct Field {
    std::string_view name;
    std::string_view value;
    HeaderId id = HeaderId::kUnknown;
    uint32_t room = 0;  // bytes of the Header's own memory behind `value`; 0: memory of another
                        // owner
  };

  Header() = default;
  Header(Header&& other) noexcept;
  Header& operator=(Header&& other) noexcept;
  ~Header() = default;
  /// Copies every field into the new Header's own memory.
  [[nodiscard]] Header Clone() const;
  /// The same fields as views of this Header's memory: for a short-lived copy.
  [[nodiscard]] Header Alias() const;

  /// A value of a Header that is a temporary: a copy. No view is made of the copy while it is a
  /// temporary too: the view would outlive it.
  class OwnValue : public std::string {
   public:
    explicit OwnValue(std::string_view value) : std::string(value) {}
    // NOLINTNEXTLINE(google-explicit-constructor): as std::string has it
    operator std::string_view() const& noexcept { return {data(), size()}; }
    operator std::string_view() const&& = delete;
  };

  /// The first value of `name`, or "".
  [[nodiscard]] std::string_view Get(std::string_view name) const&;
  [[nodiscard]] std::string_view Get(HeaderId id) const& {
    return Has(id) ? GetPresent(id) : std::string_view();
  }
  [[nodiscard]] OwnValue Get(std::string_view name) const&& { return OwnValue(Get(name)); }
  [[nodiscard]] OwnValue Get(HeaderId id) const&& { return OwnValue(Get(id)); }
  /// All values of `name`, in order. Not for a temporary Header.
  [[nodiscard]] std::vector<std::string_view> Values(std::string_view name) const&;
  std::vector<std::string_view> Values(std::string_view) const&& = delete;
  /// Whether there is a field of `name`; a suppressed field does not count.
  [[nodiscard]] bool Has(std::string_view name) const;
  [[nodiscard]] bool Has(HeaderId id) const { return (known_ & Bit(id)) != 0; }
  /// Whether fields may be present whose names HeaderId does not know.
  [[nodiscard]] bool MayHaveUnknown() const { return (known_ & kUnknownBit) != 0; }

  /// Replaces all fields of `name` by one. The text is copied. Returns false, and stores nothing,
  /// for a name that is no token. In a value, surrounding blanks are cut, and CR, LF, NUL and other
  /// control bytes except TAB become spaces, so that nothing can be injected. The result may be
  /// ignored, as ported Go code does.
  bool Set(std::string_view name, std::string_view value);
  bool Set(HeaderId id, std::string_view value);
  /// Appends a field; otherwise as Set.
  bool Add(std::string_view name, std::string_view value);
  bool Add(HeaderId id, std::string_view value);
  /// As Add, with the spelling of `name` kept.
  bool AddExact(std::string_view name, std::string_view value);
  /// Appends copies of all fields of `from`, which is another Header, with the spelling of their
  /// names kept.
  void AddAll(const Header& from);
  /// Removes all fields of `name`.
  void Del(std::string_view name);
  void Del(HeaderId id);
  /// Go's `h[name] = nil`: no field is sent, and the server adds none by itself
  /// (Date, Content-Type, ...). Set, Add and Del end it.
  void Suppress(std::string_view name);
  void Suppress(HeaderId id);
  /// Whether Suppress was called for `id`. For a name without a HeaderId, Suppress only removes its
  /// fields.
  [[nodiscard]] bool Suppressed(HeaderId id) const { return (suppressed_ & Bit(id)) != 0; }
  /// Whether any of `ids` is present or suppressed.
  template <class... Ids>
  [[nodiscard]] bool Touches(Ids... ids) const {
    return ((known_ | suppressed_) & (Bit(ids) | ...)) != 0;
  }

  /// The number of fields; a name may have several.
  [[nodiscard]] size_t Len() const { return fields_.size(); }
  [[nodiscard]] bool Empty() const { return fields_.empty(); }
  /// Iteration over the Fields, in order. Any change of the Header ends an iteration.
  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }

  /// Writes the fields as "Name: value" lines sorted by name, as Go does, without those named in
  /// `except`. No blank line at the end.
  Error Write(io::Writer& to, std::initializer_list<std::string_view> except = {}) const;

  // For parsers.

  /// Appends a field whose texts are the caller's memory, unchecked.
  void AddView(std::string_view name, std::string_view value, HeaderId id) {
    fields_.push_back({name, value, id});
    known_ |= uint64_t{1} << static_cast<unsigned>(id);
  }
  /// Removes everything; keeps some capacity for the next message.
  void Reset() {
    arena_.Reset();
    if ((known_ | suppressed_ | replaced_bytes_) == 0) return;  // no field since the last Reset
    fields_.clear();
    known_ = suppressed_ = 0;
    replaced_bytes_ = 0;
    if (fields_.capacity() > kFieldsKept) [[unlikely]]
      FreeFields();
  }

 private:
  // Fields whose memory an empty Header keeps.
  static constexpr size_t kFieldsKept = 64;
  static constexpr uint64_t kUnknownBit = 1;
  static_assert(static_cast<unsigned>(HeaderId::kUnknown) == 0);
  // 0 for kUnknown, which is thus never present.
  static constexpr uint64_t Bit(HeaderId id) {
    return (uint64_t{1} << static_cast<unsigned>(id)) & ~kUnknownBit;
  }

  [[nodiscard]] size_t Find(std::string_view name, HeaderId id) const;
  [[nodiscard]] std::string_view GetPresent(HeaderId id) const;
  [[gnu::noinline]] bool Append(std::string_view name, std::string_view value, HeaderId id);
  void Replace(size_t first, std::string_view value);
  [[gnu::noinline]] bool SetAgain(HeaderId id, std::string_view value);
  void Remove(size_t first);
  void Store(Field& field, std::string_view value);
  void StoreAgain(Field& field, std::string_view value);
  [[gnu::cold]] void FreeFields();

  std::vector<Field> fields_;
  Arena arena_;
  // The bits of the known names that are present, so that the absence of a field needs no search.
  // kUnknownBit stays set when the last unknown name goes.
  uint64_t known_ = 0;
  uint64_t suppressed_ = 0;
  size_t replaced_bytes_ = 0;  // of the arena, taken by values that were replaced
};

}  // namespace hon::http
