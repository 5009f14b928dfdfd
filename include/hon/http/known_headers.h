#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hon::http {

// clang-format off
/// Names of the fields that the server itself evaluates: looked up once when a head is parsed, and
/// compared by number from then on. At most 64, so that a set of them is one word.
enum class HeaderId : uint8_t {
  kUnknown,
  kAccept, kAcceptCharset, kAcceptEncoding, kAcceptLanguage, kAcceptRanges,
  kAge, kAllow, kAuthorization, kCacheControl, kConnection,
  kContentDisposition, kContentEncoding, kContentLanguage, kContentLength, kContentLocation,
  kContentRange, kContentType, kCookie, kDate, kETag,
  kExpect, kExpires, kForwarded, kHost, kIfMatch,
  kIfModifiedSince, kIfNoneMatch, kIfRange, kIfUnmodifiedSince, kKeepAlive,
  kLastModified, kLink, kLocation, kOrigin, kPragma,
  kProxyAuthorization, kProxyConnection, kRange, kReferer, kRetryAfter,
  kSecFetchSite, kSecWebSocketAccept, kSecWebSocketExtensions, kSecWebSocketKey, kSecWebSocketProtocol,
  kSecWebSocketVersion, kServer, kSetCookie, kTE, kTrailer,
  kTransferEncoding, kUpgrade, kUserAgent, kVary, kVia,
  kWWWAuthenticate, kXContentTypeOptions, kXForwardedFor, kXForwardedHost, kXForwardedProto,
  kCount
};
// clang-format on
static_assert(static_cast<unsigned>(HeaderId::kCount) <= 64);

/// The id of `name` in any case, or kUnknown. One hash and one comparison.
[[nodiscard]] HeaderId FindHeaderId(std::string_view name);

namespace internal {
inline constexpr size_t kHeaderIds = static_cast<size_t>(HeaderId::kCount);
extern const std::array<std::string_view, kHeaderIds> kHeaderNames;
}  // namespace internal

/// The canonical spelling, as Go writes it ("Etag", "Www-Authenticate").
[[nodiscard]] inline std::string_view HeaderName(HeaderId id) {
  return internal::kHeaderNames[static_cast<size_t>(id)];
}

}  // namespace hon::http
