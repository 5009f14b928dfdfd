#include "netpoll/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>

namespace hon::netpoll {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";

Error AddressError(std::string_view address, std::string_view why) {
  return Error::New("address " + std::string(address) + ": " + std::string(why));
}

template <class T>
SocketAddress FromStruct(const T& from, socklen_t size = sizeof(T)) {
  SocketAddress address;
  std::memcpy(&address.storage, &from, sizeof(T));
  address.size = size;
  return address;
}

Result<SocketAddress> UnixAddress(std::string_view address) {
  const std::string_view path = address.substr(kUnixPrefix.size());
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  if (path.empty()) return Fail(AddressError(address, "missing path"));
  if (path.size() >= sizeof(un.sun_path)) return Fail(AddressError(address, "path too long"));
  if (path.find('\0') != std::string_view::npos) return Fail(AddressError(address, "NUL in path"));
  std::memcpy(un.sun_path, path.data(), path.size());
  const bool abstract = path.front() == '@';
  if (abstract) un.sun_path[0] = '\0';
  // An abstract name has no terminator: its length is part of the address.
  const size_t size = offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1);
  return FromStruct(un, static_cast<socklen_t>(size));
}

struct HostPort {
  std::string host;
  std::string port;
};

Result<HostPort> Split(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return Fail(AddressError(address, "missing port"));
  std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  if (!host.empty() && host.front() == '[') {
    if (host.back() != ']') return Fail(AddressError(address, "missing ']'"));
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return Fail(AddressError(address, "too many colons"));
  }
  if (port.empty()) return Fail(AddressError(address, "missing port"));
  return HostPort{std::string(host), std::string(port)};
}

// The number of a decimal port; -1 for a name; a failure when the number is out of range.
Result<int> PortNumber(std::string_view address, std::string_view port) {
  const auto is_letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
  if (std::any_of(port.begin(), port.end(), is_letter)) return -1;
  int number = 0;
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (code != std::errc() || end != port.data() + port.size() || number < 0 || number > 65535) {
    return Fail(AddressError(address, "invalid port"));
  }
  return number;
}

std::vector<SocketAddress> EmptyHost(AddressUse use, int port) {
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(static_cast<uint16_t>(port));
  six.sin6_addr = use == AddressUse::kListen ? in6addr_any : in6addr_loopback;
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = six.sin6_port;
  four.sin_addr.s_addr = htonl(use == AddressUse::kListen ? INADDR_ANY : INADDR_LOOPBACK);
  if (use == AddressUse::kListen) return {FromStruct(six), FromStruct(four)};
  return {FromStruct(four), FromStruct(six)};
}

std::string_view FormatPort(char* begin, char* at, uint16_t port) {
  *at++ = ':';
  at = std::to_chars(at, at + 5, port).ptr;
  return {begin, static_cast<size_t>(at - begin)};
}

// Every byte value as decimal text with a dot behind it: each request shows an address.
struct Octet {
  std::array<char, 4> text{};
  uint32_t size = 0;
};

constexpr std::array<Octet, 256> MakeOctets() {
  std::array<Octet, 256> octets{};
  for (unsigned value = 0; value < 256; ++value) {
    Octet& octet = octets[value];
    if (value >= 100) octet.text[octet.size++] = static_cast<char>('0' + value / 100);
    if (value >= 10) octet.text[octet.size++] = static_cast<char>('0' + value / 10 % 10);
    octet.text[octet.size++] = static_cast<char>('0' + value % 10);
    octet.text[octet.size++] = '.';
  }
  return octets;
}
constexpr std::array<Octet, 256> kOctets = MakeOctets();

// May write up to 16 bytes, also when the address is shorter.
char* FormatIpv4(char* at, const unsigned char* ip) {
  for (int i = 0; i < 4; ++i) {
    const Octet& octet = kOctets[ip[i]];
    std::memcpy(at, octet.text.data(), octet.text.size());
    at += octet.size;
  }
  return at - 1;
}

std::string_view FormatIpv6(const sockaddr_in6& six, std::span<char> into) {
  const uint16_t port = ntohs(six.sin6_port);
  char* at = into.data();
  if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) {
    return FormatPort(into.data(), FormatIpv4(at, six.sin6_addr.s6_addr + 12), port);
  }
  *at++ = '[';
  inet_ntop(AF_INET6, &six.sin6_addr, at, INET6_ADDRSTRLEN);
  at += std::strlen(at);
  if (six.sin6_scope_id != 0) {
    *at++ = '%';
    if (if_indextoname(six.sin6_scope_id, at) != nullptr) {
      at += std::strlen(at);
    } else {
      at = std::to_chars(at, at + 10, six.sin6_scope_id).ptr;
    }
  }
  *at++ = ']';
  return FormatPort(into.data(), at, port);
}

std::string_view FormatUnix(const SocketAddress& address, std::span<char> into) {
  const auto& un = reinterpret_cast<const sockaddr_un&>(address.storage);
  const size_t header = offsetof(sockaddr_un, sun_path);
  size_t size = address.size > header ? address.size - header : 0;
  if (size == 0) {
    into[0] = '@';
    return {into.data(), 1};
  }
  const bool abstract = un.sun_path[0] == '\0';
  if (!abstract) size = strnlen(un.sun_path, size);
  std::memcpy(into.data(), un.sun_path, size);
  if (abstract) into[0] = '@';
  return {into.data(), size};
}

}  // namespace

bool IsUnixAddress(std::string_view address) { return address.starts_with(kUnixPrefix); }

Result<std::vector<SocketAddress>> ResolveAddress(std::string_view address, AddressUse use,
                                                  bool numeric_only) {
  if (IsUnixAddress(address)) {
    HON_TRY(SocketAddress un, UnixAddress(address));
    return std::vector<SocketAddress>{un};
  }
  HON_TRY(HostPort parts, Split(address));
  HON_TRY(int port, PortNumber(address, parts.port));
  if (parts.host.empty() && port >= 0) return EmptyHost(use, port);

  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = (numeric_only ? AI_NUMERICHOST | AI_NUMERICSERV : 0) |
                   (use == AddressUse::kListen ? AI_PASSIVE : 0);
  addrinfo* found = nullptr;
  const int code = getaddrinfo(parts.host.empty() ? nullptr : parts.host.c_str(),
                               parts.port.c_str(), &hints, &found);
  if (numeric_only && code == EAI_NONAME) return std::vector<SocketAddress>();
  if (code != 0) return Fail(AddressError(address, gai_strerror(code)));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    SocketAddress& one = addresses.emplace_back();
    std::memcpy(&one.storage, info->ai_addr, info->ai_addrlen);
    one.size = info->ai_addrlen;
  }
  // For a name with both kinds of address, Go listens on the IPv4 one.
  if (use == AddressUse::kListen) {
    std::stable_sort(addresses.begin(), addresses.end(),
                     [](const SocketAddress& a, const SocketAddress& b) {
                       return (a.Family() == AF_INET) > (b.Family() == AF_INET);
                     });
  }
  return addresses;
}

std::string_view FormatIpv4Address(const unsigned char* ip, uint16_t port, std::span<char> into) {
  return FormatPort(into.data(), FormatIpv4(into.data(), ip), port);
}

std::string_view FormatAddress(const SocketAddress& address, std::span<char> into) {
  switch (address.Family()) {
    case AF_INET: {
      const auto& four = reinterpret_cast<const sockaddr_in&>(address.storage);
      return FormatIpv4Address(reinterpret_cast<const unsigned char*>(&four.sin_addr),
                               ntohs(four.sin_port), into);
    }
    case AF_INET6:
      return FormatIpv6(reinterpret_cast<const sockaddr_in6&>(address.storage), into);
    case AF_UNIX:
      return FormatUnix(address, into);
    default:
      return {};
  }
}

}  // namespace hon::netpoll
