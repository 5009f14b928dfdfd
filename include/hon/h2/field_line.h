#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hon/http/known_headers.h"

namespace hon::h2 {

/// The pseudo-header fields (RFC 9113 §8.3, RFC 8441 §4).
enum class PseudoField : uint8_t {
  kNone,  // a regular field
  kAuthority,
  kMethod,
  kPath,
  kScheme,
  kStatus,
  kProtocol,
  kUnknown,  // a name with a colon in front that no RFC defines
};

/// The field of one HPACK representation. The texts are views; the maker of the FieldLine states
/// their lifetime.
struct FieldLine {
  std::string_view name;  // in lower case where it is valid
  std::string_view value;
  http::HeaderId id = http::HeaderId::kUnknown;
  PseudoField pseudo = PseudoField::kNone;
  /// Whether name and value have only bytes that RFC 9113 §8.2.1 and RFC 9110 §5.5 allow. A section
  /// with an invalid field is malformed, but changes the decoder's table all the same.
  bool valid = true;
  /// Sent as never indexed (RFC 7541 §6.2.3); must be forwarded so.
  bool sensitive = false;
};

/// The size of an entry is the size of its name and value plus this many bytes (RFC 7541 §4.1).
inline constexpr size_t kFieldOverheadBytes = 32;

/// Whether `name` is a token without upper-case letters (RFC 9113 §8.2.1), with or without the
/// colon of a pseudo-header field in front.
[[nodiscard]] bool IsFieldName(std::string_view name);
/// Whether `value` has no control bytes but HTAB, and no blank at either end.
[[nodiscard]] bool IsFieldValue(std::string_view value);
/// The pseudo-header field of this name; kNone where no colon is in front.
[[nodiscard]] PseudoField FindPseudoField(std::string_view name);

}  // namespace hon::h2
