#pragma once

// Socket addresses as text and as the kernel's structures.

#include <sys/socket.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/result.h"
#include "hon/netpoll/connection.h"

namespace hon::netpoll {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* Get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int Family() const { return storage.ss_family; }
};

enum class AddressUse : uint8_t { kListen, kDial };

/// Whether `address` has the form "unix:...".
[[nodiscard]] bool IsUnixAddress(std::string_view address);

/// The addresses for `address`, in the order in which to try them. An empty host means every local
/// address for kListen ([::] before 0.0.0.0) and this host for kDial. Looks names up, which may
/// block; with `numeric_only` a name gives an empty list.
Result<std::vector<SocketAddress>> ResolveAddress(std::string_view address, AddressUse use,
                                                  bool numeric_only = false);

/// Writes "ip:port", "[ip6%zone]:port", a unix path, "@name" or "@" into `into` (kAddressTextMax)
/// and returns it. An IPv4 address in IPv6 form is written as IPv4.
std::string_view FormatAddress(const SocketAddress& address, std::span<char> into);
/// As FormatAddress, of the four bytes of an IPv4 address; `port` is a plain number.
std::string_view FormatIpv4Address(const unsigned char* ip, uint16_t port, std::span<char> into);

}  // namespace hon::netpoll
