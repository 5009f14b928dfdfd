#pragma once

// IP addresses as text, and their networks, without socket headers.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hon::http::internal {

/// An IPv4 or IPv6 address. An IPv4 address is kept as its IPv4-mapped IPv6 address (RFC 4291
/// §2.5.5.2), so that both spellings of it are equal.
struct IpAddress {
  std::array<uint8_t, 16> bytes{};

  [[nodiscard]] bool IsV4() const;
  /// 127.0.0.0/8 or ::1 (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
  [[nodiscard]] bool IsLoopback() const;
  bool operator==(const IpAddress&) const = default;
};

/// Four decimal numbers without leading zeros, or an IPv6 address (RFC 4291 §2.2) without brackets
/// and zone.
[[nodiscard]] std::optional<IpAddress> ParseIpAddress(std::string_view text);

/// The addresses with a common prefix.
struct IpNetwork {
  IpAddress address;
  uint8_t prefix_bits = 128;  // of the 16 bytes

  [[nodiscard]] bool Contains(const IpAddress& other) const;
};

/// "ADDRESS/BITS" (RFC 4632 §3.1, RFC 4291 §2.3).
[[nodiscard]] std::optional<IpNetwork> ParseIpNetwork(std::string_view text);

}  // namespace hon::http::internal
