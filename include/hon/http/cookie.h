#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/result.h"
#include "hon/http/time.h"

namespace hon::http {

class ResponseWriter;

/// The request has no cookie of that name.
inline constexpr Sentinel ErrNoCookie{"http: named cookie not present"};
/// The errors of ParseCookie and ParseSetCookie.
inline constexpr Sentinel ErrBlankCookie{"http: blank cookie"};
inline constexpr Sentinel ErrCookieWithoutEqual{"http: '=' not found in cookie"};
inline constexpr Sentinel ErrInvalidCookieName{"http: invalid cookie name"};
inline constexpr Sentinel ErrInvalidCookieValue{"http: invalid cookie value"};
inline constexpr Sentinel ErrTooManyCookies{"http: number of cookies exceeded limit"};
/// The error of Cookie::Valid; the text names the field and the byte.
inline constexpr Sentinel ErrInvalidCookie{"http: invalid cookie"};

/// A request with more cookies than this shows none.
inline constexpr size_t kCookiesMax = 3000;

/// Whether a browser sends a cookie along with requests from other sites.
enum class SameSite : uint8_t { kUnset, kDefault, kLax, kStrict, kNone };
inline constexpr SameSite SameSiteDefaultMode = SameSite::kDefault;
inline constexpr SameSite SameSiteLaxMode = SameSite::kLax;
inline constexpr SameSite SameSiteStrictMode = SameSite::kStrict;
inline constexpr SameSite SameSiteNoneMode = SameSite::kNone;

/// One cookie as Set-Cookie or Cookie carries it (RFC 6265), with Go's field names.
struct Cookie {
  // Each field may be left out of a list of designated initializers.
  std::string Name{};
  std::string Value{};
  bool Quoted = false;  // Value was, or shall be, in double quotes

  std::string Path{};
  std::string Domain{};
  Time Expires{};            // zero: none
  std::string RawExpires{};  // as it was read
  int64_t MaxAge = 0;        // seconds; 0: not given; below 0: delete now
  bool Secure = false;
  bool HttpOnly = false;
  http::SameSite SameSite = http::SameSite::kUnset;
  bool Partitioned = false;
  std::string Raw{};                    // the line it was read from
  std::vector<std::string> Unparsed{};  // attributes that were not understood

  /// The value of a Set-Cookie field. "" for a Name that is no token; bytes that Value and Path may
  /// not hold are left out, as are an invalid Domain and an Expires before 1601.
  [[nodiscard]] std::string String() const;
  /// Whether String would show every field as it is: ErrInvalidCookie if not.
  [[nodiscard]] Error Valid() const;

  bool operator==(const Cookie&) const = default;
};

/// Adds a Set-Cookie field. False when the cookie has no valid Name: nothing is added then.
bool SetCookie(ResponseWriter& w, const Cookie& cookie);

/// Reads the value of a Cookie field, strictly: one malformed pair, or more than kCookiesMax pairs,
/// refuse the line.
[[nodiscard]] Result<std::vector<Cookie>> ParseCookie(std::string_view line);
/// Reads the value of a Set-Cookie field. Attributes that are not understood go to Unparsed.
[[nodiscard]] Result<Cookie> ParseSetCookie(std::string_view line);

}  // namespace hon::http
