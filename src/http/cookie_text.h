#pragma once

// The bytes that the texts of cookies may hold (RFC 6265 §4.1.1), with Go's leniencies.

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace hon::http::internal {

/// Printable ASCII except double quote, semicolon and backslash. Blanks and commas go in quotes.
constexpr bool IsCookieValueByte(char c) {
  return c >= ' ' && c <= '~' && c != '"' && c != ';' && c != '\\';
}

constexpr bool IsCookiePathByte(char c) { return c >= ' ' && c <= '~' && c != ';'; }

/// Whether `text` is a host name, perhaps after one dot, or an IPv4 address.
[[nodiscard]] bool IsCookieDomain(std::string_view text);

/// `text` without blanks and line ends around it.
[[nodiscard]] std::string_view TrimCookie(std::string_view text);

/// The text before and after the first `mark`; all of it and "" when there is no mark.
inline std::pair<std::string_view, std::string_view> CutAt(std::string_view text, char mark) {
  const size_t at = std::min(text.find(mark), text.size());
  return {text.substr(0, at), text.substr(std::min(at + 1, text.size()))};
}

struct CookieValue {
  std::string_view text;
  bool quoted;
};

/// `raw` without double quotes around it; nothing when a byte is not allowed.
[[nodiscard]] std::optional<CookieValue> ReadCookieValue(std::string_view raw);

}  // namespace hon::http::internal
