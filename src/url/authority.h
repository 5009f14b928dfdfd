#pragma once

#include <string_view>

#include "hon/base/error.h"
#include "hon/url/url.h"

namespace hon::url::internal {

/// Reads "[userinfo@]host[:port]" (RFC 3986 §3.2) into `into.User` and `into.Host`. After a name,
/// http and https allow one ":"; other schemes may list hosts with ports.
Error ParseAuthority(std::string_view authority, URL& into);

/// Whether `text` is "" or ":" and digits.
bool IsOptionalPort(std::string_view text);

/// Whether `text` is an IPv6 address (RFC 4291 §2.2), with or without "%zone" (RFC 4007 §11).
bool IsIPv6(std::string_view text);

}  // namespace hon::url::internal
