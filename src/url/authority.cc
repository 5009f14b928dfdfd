#include "url/authority.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "hon/base/quote.h"
#include "url/bytes.h"

namespace hon::url::internal {
namespace {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The bytes of a userinfo (RFC 3986 §3.2.1), and "@", which occurs in passwords.
bool IsUserinfo(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return Allowed(c, kQueryComponent) ||
           std::string_view("!$&'()*+,;=:%@").find(c) != std::string_view::npos;
  });
}

Error PortError(std::string_view port) {
  return Error::Of(ErrPort, "invalid port " + Quote(port) + " after host");
}

Error ParseUserinfo(std::string_view text, UserinfoPtr& into) {
  if (!IsUserinfo(text)) return ErrUserinfo;
  const size_t colon = std::min(text.find(':'), text.size());
  std::string username;
  std::string password;
  HON_RETURN_IF_ERROR(AppendUnescaped(username, text.substr(0, colon), kUserinfo));
  if (colon == text.size()) {
    into = User(username);
    return {};
  }
  HON_RETURN_IF_ERROR(AppendUnescaped(password, text.substr(colon + 1), kUserinfo));
  into = UserPassword(username, password);
  return {};
}

// A dotted IPv4 address: four decimal numbers without leading zeros, none above 255.
bool IsIPv4(std::string_view text) {
  for (int numbers = 1;; ++numbers) {
    size_t digits = 0;
    int value = 0;
    while (digits < text.size() && digits <= 3 && IsDigit(text[digits])) {
      value = value * 10 + (text[digits] - '0');
      ++digits;
    }
    if (digits == 0 || value > 255 || (digits > 1 && text[0] == '0')) return false;
    text.remove_prefix(digits);
    if (numbers == 4) return text.empty();
    if (text.empty() || text.front() != '.') return false;
    text.remove_prefix(1);
  }
}

// "[address]", "[address%25zone]" (RFC 6874), either with a port.
Error ParseIPLiteral(std::string_view text, std::string& host) {
  const size_t close = text.rfind(']');
  if (close == std::string_view::npos) return Error::Of(ErrHost, "missing ']' in host");
  const std::string_view port = text.substr(close + 1);
  if (!IsOptionalPort(port)) return PortError(port);
  const std::string_view inside = text.substr(1, close - 1);
  const size_t zone = std::min(inside.find("%25"), inside.size());
  std::string address;
  HON_RETURN_IF_ERROR(AppendUnescaped(address, inside.substr(0, zone), kHost));
  HON_RETURN_IF_ERROR(AppendUnescaped(address, inside.substr(zone), kZone));
  if (!IsIPv6(address)) {
    if (IsIPv4(address)) return Error::Of(ErrHost, "invalid IP-literal");
    return Error::Of(ErrHost, "invalid host: " + Quote(address) + " is no IPv6 address");
  }
  host.assign(1, '[').append(address).append(1, ']').append(port);
  return {};
}

Error ParseHost(std::string_view scheme, std::string_view text, std::string& host) {
  const size_t bracket = text.rfind('[');
  if (bracket == 0) return ParseIPLiteral(text, host);
  if (bracket != std::string_view::npos) return Error::Of(ErrHost, "invalid IP-literal");
  const bool one_colon = scheme == "http" || scheme == "https";
  const size_t colon = one_colon ? text.find(':') : text.rfind(':');
  if (colon != std::string_view::npos && !IsOptionalPort(text.substr(colon))) {
    return PortError(text.substr(colon));
  }
  host.clear();
  return AppendUnescaped(host, text, kHost);
}

// How many 16-bit groups `text` (groups with single colons between) stands for; -1 when it is
// malformed. Only the last one may be an IPv4 address, which counts for two.
int CountGroups(std::string_view text, bool may_end_in_ipv4) {
  if (text.empty()) return 0;
  int groups = 0;
  for (;;) {
    const size_t end = std::min(text.find(':'), text.size());
    const std::string_view group = text.substr(0, end);
    const bool last = end == text.size();
    if (last && may_end_in_ipv4 && group.find('.') != std::string_view::npos) {
      return IsIPv4(group) ? groups + 2 : -1;
    }
    const bool hex =
        std::all_of(group.begin(), group.end(), [](char c) { return HexValue(c) >= 0; });
    if (group.empty() || group.size() > 4 || !hex) return -1;
    ++groups;
    if (last) return groups;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

bool IsOptionalPort(std::string_view text) {
  if (text.empty()) return true;
  return text.front() == ':' && std::all_of(text.begin() + 1, text.end(), IsDigit);
}

bool IsIPv6(std::string_view text) {
  const size_t zone = text.find('%');
  if (zone != std::string_view::npos) {
    if (zone + 1 == text.size()) return false;
    text = text.substr(0, zone);
  }
  const size_t gap = text.find("::");
  if (gap == std::string_view::npos) return CountGroups(text, true) == 8;
  const int before = CountGroups(text.substr(0, gap), false);
  const int after = CountGroups(text.substr(gap + 2), true);
  return before >= 0 && after >= 0 && before + after < 8;
}

Error ParseAuthority(std::string_view authority, URL& into) {
  const size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return ParseHost(into.Scheme, authority, into.Host);
  HON_RETURN_IF_ERROR(ParseHost(into.Scheme, authority.substr(at + 1), into.Host));
  return ParseUserinfo(authority.substr(0, at), into.User);
}

}  // namespace hon::url::internal

namespace hon::url {
namespace {

// reg-name = *( unreserved / pct-encoded / sub-delims ), RFC 3986 §3.2.2.
bool IsRegName(std::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '%') {
      if (!internal::IsEscape(text, at)) return false;
      at += 2;
    } else if (!internal::Allowed(c, internal::kUserinfo) &&
               std::string_view("!'()*,").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

// IPvFuture = "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ).
bool IsIPvFuture(std::string_view text) {
  if (text.empty() || (text.front() != 'v' && text.front() != 'V')) return false;
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot == 1 || dot + 1 == text.size()) return false;
  const auto hex = [](char c) { return internal::HexValue(c) >= 0; };
  const auto allowed = [](char c) { return c == ':' || (c != '%' && IsRegName({&c, 1})); };
  return std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(dot), hex) &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(dot) + 1, text.end(), allowed);
}

}  // namespace

bool IsHostAndPort(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    const std::string_view inside = text.substr(1, close - 1);
    const bool address = inside.find('%') == std::string_view::npos && internal::IsIPv6(inside);
    return (address || IsIPvFuture(inside)) && internal::IsOptionalPort(text.substr(close + 1));
  }
  const size_t colon = std::min(text.find(':'), text.size());
  return colon != 0 && IsRegName(text.substr(0, colon)) &&
         internal::IsOptionalPort(text.substr(colon));
}

}  // namespace hon::url
