#include "hon/http/cookie.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "hon/http/request.h"
#include "hon/http/response_writer.h"
#include "http/cookie_text.h"
#include "http/token.h"

namespace hon::http {
namespace {

using internal::CookieValue;
using internal::CutAt;
using internal::IsCookiePathByte;
using internal::IsCookieValueByte;
using internal::TrimCookie;

constexpr int64_t kFirstExpiresYear = 1601;  // RFC 6265 §5.1.1

std::string Keep(std::string_view text, bool (*allowed)(char)) {
  std::string kept;
  std::copy_if(text.begin(), text.end(), std::back_inserter(kept), allowed);
  return kept;
}

std::string ValueText(const Cookie& cookie) {
  std::string value = Keep(cookie.Value, IsCookieValueByte);
  if (!cookie.Quoted && value.find_first_of(" ,") == value.npos) return value;
  return '"' + value + '"';
}

bool CanExpire(Time expires) { return expires.CalendarDate().year >= kFirstExpiresYear; }

std::string_view SameSiteText(SameSite mode) {
  switch (mode) {
    case SameSite::kLax:
      return "; SameSite=Lax";
    case SameSite::kStrict:
      return "; SameSite=Strict";
    case SameSite::kNone:
      return "; SameSite=None";
    case SameSite::kUnset:
    case SameSite::kDefault:
      break;
  }
  return {};
}

Error InvalidByte(std::string_view text, bool (*allowed)(char), std::string_view field) {
  const auto bad = std::find_if_not(text.begin(), text.end(), allowed);
  if (bad == text.end()) return {};
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<uint8_t>(*bad);
  std::string message = "http: invalid byte 0x";
  message += kHex[byte >> 4];
  message += kHex[byte & 15];
  message.append(" in Cookie.").append(field);
  return Error::Of(ErrInvalidCookie, std::move(message));
}

// "Name=Value" of a Cookie field; nothing when it is malformed.
std::optional<Cookie> ReadPair(std::string_view pair, std::string_view wanted) {
  const auto [name, raw] = CutAt(pair, '=');
  const std::string_view trimmed = TrimCookie(name);
  if (!internal::IsToken(trimmed) || (!wanted.empty() && trimmed != wanted)) return std::nullopt;
  const std::optional<CookieValue> value = internal::ReadCookieValue(raw);
  if (!value) return std::nullopt;
  Cookie cookie;
  cookie.Name = trimmed;
  cookie.Value = value->text;
  cookie.Quoted = value->quoted;
  return cookie;
}

// The cookies of a request named `wanted`, or all for "", but no more than `count_max`.
std::vector<Cookie> ReadCookies(const Header& header, std::string_view wanted, size_t count_max) {
  std::vector<Cookie> cookies;
  if (!header.Has(HeaderId::kCookie)) return cookies;
  const std::vector<std::string_view> lines = header.Values("Cookie");
  size_t pieces = 0;
  for (const std::string_view line : lines) {
    pieces += static_cast<size_t>(std::count(line.begin(), line.end(), ';')) + 1;
  }
  if (pieces > kCookiesMax) return cookies;
  for (std::string_view line : lines) {
    while (!line.empty() && cookies.size() < count_max) {
      const auto [pair, rest] = CutAt(line, ';');
      line = rest;
      std::optional<Cookie> cookie = ReadPair(TrimCookie(pair), wanted);
      if (cookie) cookies.push_back(*std::move(cookie));
    }
  }
  return cookies;
}

}  // namespace

std::string Cookie::String() const {
  if (!internal::IsToken(Name)) return "";
  std::string text = Name + '=' + ValueText(*this);
  if (!Path.empty()) text += "; Path=" + Keep(Path, IsCookiePathByte);
  if (internal::IsCookieDomain(Domain)) {
    text.append("; Domain=").append(Domain, Domain.starts_with('.') ? 1 : 0);
  }
  if (CanExpire(Expires)) text += "; Expires=" + FormatTime(Expires);
  if (MaxAge != 0) text += "; Max-Age=" + std::to_string(std::max<int64_t>(MaxAge, 0));
  if (HttpOnly) text += "; HttpOnly";
  if (Secure) text += "; Secure";
  text += SameSiteText(SameSite);
  if (Partitioned) text += "; Partitioned";
  return text;
}

Error Cookie::Valid() const {
  if (!internal::IsToken(Name)) return Error::Of(ErrInvalidCookie, "http: invalid Cookie.Name");
  if (!Expires.IsZero() && !CanExpire(Expires)) {
    return Error::Of(ErrInvalidCookie, "http: invalid Cookie.Expires");
  }
  HON_RETURN_IF_ERROR(InvalidByte(Value, IsCookieValueByte, "Value"));
  HON_RETURN_IF_ERROR(InvalidByte(Path, IsCookiePathByte, "Path"));
  if (!Domain.empty() && !internal::IsCookieDomain(Domain)) {
    return Error::Of(ErrInvalidCookie, "http: invalid Cookie.Domain");
  }
  if (Partitioned && !Secure) {
    return Error::Of(ErrInvalidCookie, "http: partitioned cookies must be set with Secure");
  }
  return {};
}

bool SetCookie(ResponseWriter& w, const Cookie& cookie) {
  const std::string text = cookie.String();
  return !text.empty() && w.Header().Add(HeaderId::kSetCookie, text);
}

Result<std::vector<Cookie>> ParseCookie(std::string_view line) {
  const auto pieces = static_cast<size_t>(std::count(line.begin(), line.end(), ';')) + 1;
  if (pieces > kCookiesMax) return Fail(ErrTooManyCookies);
  line = TrimCookie(line);
  if (line.empty()) return Fail(ErrBlankCookie);
  std::vector<Cookie> cookies;
  for (bool more = true; more;) {
    more = line.find(';') != line.npos;
    const auto [piece, rest] = CutAt(line, ';');
    line = rest;
    const std::string_view pair = TrimCookie(piece);
    const size_t equal = pair.find('=');
    if (equal == pair.npos) return Fail(ErrCookieWithoutEqual);
    if (!internal::IsToken(pair.substr(0, equal))) return Fail(ErrInvalidCookieName);
    std::optional<Cookie> cookie = ReadPair(pair, {});
    if (!cookie) return Fail(ErrInvalidCookieValue);
    cookies.push_back(*std::move(cookie));
  }
  return cookies;
}

Result<Cookie> Request::Cookie(std::string_view name) const {
  if (name.empty()) return Fail(ErrNoCookie);
  std::vector<http::Cookie> cookies = ReadCookies(Header, name, 1);
  if (cookies.empty()) return Fail(ErrNoCookie);
  return std::move(cookies.front());
}

std::vector<Cookie> Request::Cookies() const { return ReadCookies(Header, {}, kCookiesMax); }

std::vector<Cookie> Request::CookiesNamed(std::string_view name) const {
  return name.empty() ? std::vector<http::Cookie>() : ReadCookies(Header, name, kCookiesMax);
}

void Request::AddCookie(const http::Cookie& cookie) {
  std::string line(Header.Get(HeaderId::kCookie));
  if (!line.empty()) line += "; ";
  for (const char c : cookie.Name) line += c == '\r' || c == '\n' ? '-' : c;
  line += '=' + ValueText(cookie);
  Header.Set(HeaderId::kCookie, line);
}

}  // namespace hon::http
