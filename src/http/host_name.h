#pragma once

// Host names in their canonical spelling, in which they are compared.

#include <optional>
#include <string>
#include <string_view>

namespace hon::http::internal {

/// `host` in lower case, with labels that are not ASCII in punycode ("xn--…", RFC 3492). Nothing
/// when `host` is empty, longer than kHostNameBytesMax, or not UTF-8. Letters beyond ASCII keep
/// their case.
[[nodiscard]] std::optional<std::string> CanonicalHostName(std::string_view host);

/// Bytes of a host's name (RFC 1035 §2.3.4), in any spelling.
inline constexpr size_t kHostNameBytesMax = 255;

/// Whether `host` ends with "." and `domain`.
[[nodiscard]] inline bool IsSubdomain(std::string_view host, std::string_view domain) {
  return host.size() > domain.size() && host.ends_with(domain) &&
         host[host.size() - domain.size() - 1] == '.';
}

/// Whether `host`, a canonical name or an address without brackets, is this machine: "localhost" or
/// a name below it (RFC 6761 §6.3), or a loopback address.
[[nodiscard]] bool IsLoopbackHost(std::string_view host);

}  // namespace hon::http::internal
