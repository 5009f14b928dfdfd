// Reading Set-Cookie fields, attribute by attribute (RFC 6265 §5.2).

#include <charconv>

#include "hon/http/cookie.h"
#include "http/cookie_text.h"
#include "http/time_layout.h"
#include "http/token.h"

namespace hon::http {
namespace {

using internal::CutAt;
using internal::EqualFold;
using internal::TrimCookie;

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

SameSite ReadSameSite(std::string_view text) {
  if (EqualFold(text, "lax")) return SameSite::kLax;
  if (EqualFold(text, "strict")) return SameSite::kStrict;
  if (EqualFold(text, "none")) return SameSite::kNone;
  return SameSite::kDefault;
}

// Whole seconds, without leading zeros; zero and negative numbers mean "now".
bool ReadMaxAge(std::string_view text, int64_t* into) {
  const char* begin = text.data();
  const char* const end = begin + text.size();
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') ++begin;
  int64_t seconds = 0;
  const auto [stop, error] = std::from_chars(begin, end, seconds);
  if (error != std::errc() || stop != end || begin == end) return false;
  if (seconds != 0 && text[0] == '0') return false;
  *into = seconds > 0 ? seconds : -1;
  return true;
}

bool ReadExpires(std::string_view text, Cookie& cookie) {
  cookie.RawExpires = text;
  for (const std::string_view layout : {"a, d b Y H:M:S Z", "a, d-b-Y H:M:S Z"}) {
    if (const Result<Time> time = internal::ParseTimeLayout(layout, text)) {
      cookie.Expires = *time;
      return true;
    }
  }
  return false;
}

// Returns false when the attribute is unknown or its value invalid.
bool ReadAttribute(std::string_view name, std::string_view value, Cookie& cookie) {
  const auto valid = [](char c) { return internal::IsCookieValueByte(c); };
  if (!std::all_of(value.begin(), value.end(), valid)) return false;
  if (EqualFold(name, "max-age")) return ReadMaxAge(value, &cookie.MaxAge);
  if (EqualFold(name, "expires")) return ReadExpires(value, cookie);
  if (EqualFold(name, "samesite")) {
    cookie.SameSite = ReadSameSite(value);
  } else if (EqualFold(name, "secure")) {
    cookie.Secure = true;
  } else if (EqualFold(name, "httponly")) {
    cookie.HttpOnly = true;
  } else if (EqualFold(name, "partitioned")) {
    cookie.Partitioned = true;
  } else if (EqualFold(name, "domain")) {
    cookie.Domain = value;
  } else if (EqualFold(name, "path")) {
    cookie.Path = value;
  } else {
    return false;
  }
  return true;
}

}  // namespace

Result<Cookie> ParseSetCookie(std::string_view line) {
  std::string_view rest = TrimCookie(line);
  if (rest.empty()) return Fail(ErrBlankCookie);
  const auto [first, attributes] = CutAt(rest, ';');
  rest = attributes;
  const std::string_view pair = TrimCookie(first);
  const size_t equal = pair.find('=');
  if (equal == pair.npos) return Fail(ErrCookieWithoutEqual);
  const std::string_view name = TrimCookie(pair.substr(0, equal));
  if (!internal::IsToken(name)) return Fail(ErrInvalidCookieName);
  const std::optional<internal::CookieValue> value =
      internal::ReadCookieValue(pair.substr(equal + 1));
  if (!value) return Fail(ErrInvalidCookieValue);

  Cookie cookie;
  cookie.Name = name;
  cookie.Value = value->text;
  cookie.Quoted = value->quoted;
  cookie.Raw = line;
  while (!rest.empty()) {
    const auto [piece, after] = CutAt(rest, ';');
    rest = after;
    const std::string_view attribute = TrimCookie(piece);
    if (attribute.empty()) continue;
    const auto [key, argument] = CutAt(attribute, '=');
    if (!IsPrintable(key)) continue;
    if (!ReadAttribute(key, argument, cookie)) cookie.Unparsed.emplace_back(attribute);
  }
  return cookie;
}

}  // namespace hon::http
