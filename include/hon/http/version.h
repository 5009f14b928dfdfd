#pragma once

#include <optional>
#include <string_view>

namespace hon::http {

/// The numbers of a protocol version; fields of Request are named so too.
struct Version {
  int Major = 0;
  int Minor = 0;

  bool operator==(const Version&) const = default;
};

/// Reads "HTTP/1.1" (RFC 9112 §2.3): case counts, each number is one digit. None for all else.
[[nodiscard]] std::optional<Version> ParseHTTPVersion(std::string_view text);

}  // namespace hon::http
