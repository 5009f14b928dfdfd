#pragma once

// Go's net.SplitHostPort and net.JoinHostPort.

#include <string>
#include <string_view>

#include "hon/base/result.h"

namespace hon::net {

/// The text is not "host:port". The error's text says why, as Go's net.AddrError does.
inline constexpr Sentinel ErrAddress{"malformed address"};

/// An address in its two parts: views of the text that was split.
struct HostPort {
  std::string_view host;  // without brackets
  std::string_view port;  // digits, a service's name, or nothing: not checked
};

/// Splits "host:port", "host%zone:port", "[host]:port" or "[host%zone]:port" (RFC 3986 §3.2.2: an
/// IPv6 address stands in brackets). Fails with ErrAddress. Pure; any thread.
[[nodiscard]] Result<HostPort> SplitHostPort(std::string_view address);

/// "host:port", or "[host]:port" when `host` has a colon, as an IPv6 address has.
[[nodiscard]] std::string JoinHostPort(std::string_view host, std::string_view port);

}  // namespace hon::net
