#include "http/cookie_text.h"

#include "http/ip_address.h"

namespace hon::http::internal {
namespace {

constexpr size_t kDomainBytesMax = 255;
constexpr size_t kLabelBytesMax = 63;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool IsHostName(std::string_view text) {
  if (text.empty() || text.size() > kDomainBytesMax) return false;
  if (text.starts_with('.')) text.remove_prefix(1);
  bool letter = false;
  char last = '.';
  size_t label = 0;
  for (const char c : text) {
    if (c == '.') {
      if (last == '.' || last == '-' || label > kLabelBytesMax) return false;
      label = 0;
    } else {
      if (!IsLetter(c) && !IsDigit(c) && c != '-') return false;
      if (c == '-' && last == '.') return false;
      letter = letter || IsLetter(c);
      ++label;
    }
    last = c;
  }
  return letter && last != '-' && label <= kLabelBytesMax;
}

}  // namespace

bool IsCookieDomain(std::string_view text) {
  if (IsHostName(text)) return true;
  return text.find(':') == text.npos && ParseIpAddress(text).has_value();
}

std::string_view TrimCookie(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

std::optional<CookieValue> ReadCookieValue(std::string_view raw) {
  const bool quoted = raw.size() > 1 && raw.front() == '"' && raw.back() == '"';
  if (quoted) raw = raw.substr(1, raw.size() - 2);
  if (!std::all_of(raw.begin(), raw.end(), IsCookieValueByte)) return std::nullopt;
  return CookieValue{raw, quoted};
}

}  // namespace hon::http::internal
