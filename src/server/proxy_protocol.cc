// The header of the PROXY protocol. Nothing here touches a socket.

#include "hon/server/proxy_protocol.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "server/proxy_trust.h"

namespace hon::server {
namespace {

using Status = ProxyHeader::Status;

constexpr std::string_view kTextSignature = "PROXY ";
constexpr std::string_view kBinarySignature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr size_t kBinaryHeadBytes = 16;

constexpr size_t kIpv4Bytes = 4;
constexpr size_t kIpv6Bytes = 16;
constexpr size_t kPortBytes = 2;

std::string TextOf(int family, const char* ip, uint16_t port) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family, ip, text.data(), text.size());
  const std::string host(text.data());
  return (family == AF_INET6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

// A decimal number without a leading zero, as the specification wants ports.
std::optional<uint16_t> PortOf(std::string_view text) {
  uint16_t port = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = code == std::errc() && end == text.data() + text.size();
  if (!whole || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return port;
}

bool ParseIp(int family, std::string_view text, void* into) {
  return ::inet_pton(family, std::string(text).c_str(), into) == 1;
}

ProxyHeader Refused() { return {.status = Status::kRefused}; }

// Version 1: "PROXY TCP4 192.0.2.1 192.0.2.2 1234 80\r\n", the blanks single.
ProxyHeader ParseText(std::string_view bytes) {
  const size_t end = bytes.substr(0, kProxyTextBytesMax).find('\n');
  if (end == std::string_view::npos) {
    return {.status = bytes.size() < kProxyTextBytesMax ? Status::kMore : Status::kRefused};
  }
  if (bytes[end - 1] != '\r') return Refused();
  ProxyHeader header{.status = Status::kWhole, .bytes = end + 1};
  std::string_view line = bytes.substr(0, end - 1).substr(kTextSignature.size());
  std::array<std::string_view, 5> words;  // the family, both addresses, both ports
  size_t count = 0;
  for (bool more = true; more; ++count) {
    const size_t blank = line.find(' ');
    if (count < words.size()) words[count] = line.substr(0, blank);
    more = blank != std::string_view::npos;
    line.remove_prefix(more ? blank + 1 : line.size());
  }
  // The specification wants everything behind UNKNOWN ignored.
  if (words[0] == "UNKNOWN") return header;
  if (count != words.size() || (words[0] != "TCP4" && words[0] != "TCP6")) return Refused();
  const int family = words[0] == "TCP4" ? AF_INET : AF_INET6;
  std::array<char, kIpv6Bytes> source{};
  std::array<char, kIpv6Bytes> destination{};
  const std::optional<uint16_t> port = PortOf(words[3]);
  const bool right = ParseIp(family, words[1], source.data()) &&
                     ParseIp(family, words[2], destination.data()) && port && PortOf(words[4]);
  if (!right) return Refused();
  header.client = TextOf(family, source.data(), *port);
  return header;
}

uint16_t NumberAt(std::string_view bytes, size_t at) {
  return static_cast<uint16_t>((static_cast<unsigned char>(bytes[at]) << 8) |
                               static_cast<unsigned char>(bytes[at + 1]));
}

// Version 2: the signature, version and command, family and transport, the length of what follows:
// addresses, then extensions, which are skipped.
ProxyHeader ParseBinary(std::string_view bytes) {
  if (bytes.size() < kBinaryHeadBytes) return {.status = Status::kMore};
  const unsigned version = static_cast<unsigned char>(bytes[12]) >> 4;
  const unsigned command = static_cast<unsigned char>(bytes[12]) & 0x0F;
  const unsigned family = static_cast<unsigned char>(bytes[13]) >> 4;
  const unsigned transport = static_cast<unsigned char>(bytes[13]) & 0x0F;
  const size_t length = NumberAt(bytes, 14);
  if (version != 2 || command > 1 || family > 3 || transport > 2) return Refused();
  if (kBinaryHeadBytes + length > kProxyBinaryBytesMax) return Refused();
  if (bytes.size() < kBinaryHeadBytes + length) return {.status = Status::kMore};
  ProxyHeader header{.status = Status::kWhole, .bytes = kBinaryHeadBytes + length};
  constexpr unsigned kLocal = 0;
  constexpr unsigned kStream = 1;
  constexpr unsigned kInet = 1;
  constexpr unsigned kInet6 = 2;
  const bool has_ports = transport == kStream && (family == kInet || family == kInet6);
  if (command == kLocal || !has_ports) return header;
  const size_t ip_bytes = family == kInet ? kIpv4Bytes : kIpv6Bytes;
  if (length < 2 * (ip_bytes + kPortBytes)) return Refused();
  header.client = TextOf(family == kInet ? AF_INET : AF_INET6, bytes.data() + kBinaryHeadBytes,
                         NumberAt(bytes, kBinaryHeadBytes + 2 * ip_bytes));
  return header;
}

bool BeginsLike(std::string_view bytes, std::string_view signature) {
  const size_t known = std::min(bytes.size(), signature.size());
  return bytes.substr(0, known) == signature.substr(0, known);
}

}  // namespace

ProxyHeader ParseProxyHeader(std::string_view bytes) {
  for (const std::string_view signature : {kTextSignature, kBinarySignature}) {
    if (!BeginsLike(bytes, signature)) continue;
    if (bytes.size() < signature.size()) return {.status = Status::kMore};
    return signature == kTextSignature ? ParseText(bytes) : ParseBinary(bytes);
  }
  return {};
}

// --- Who may send one.

namespace {

// An address in IPv6 form, which an IPv4 address has too (RFC 4291 §2.5.5.2), and how many bits of
// that form the family's own bits follow.
struct Ip {
  std::array<unsigned char, kIpv6Bytes> bytes{};
  unsigned prefix_bits = 0;
};

std::optional<Ip> IpOf(std::string_view text) {
  Ip ip;
  const bool six = text.find(':') != std::string_view::npos;
  if (!six) {
    ip.bytes[10] = ip.bytes[11] = 0xFF;
    ip.prefix_bits = 8 * (kIpv6Bytes - kIpv4Bytes);
  }
  if (!ParseIp(six ? AF_INET6 : AF_INET, text, ip.bytes.data() + ip.prefix_bits / 8)) {
    return std::nullopt;
  }
  return ip;
}

}  // namespace

Result<ProxyTrust> ProxyTrust::Of(const std::vector<std::string>& networks) {
  ProxyTrust trust;
  for (const std::string& network : networks) {
    if (network == "unix") {
      trust.unix_ = true;
      continue;
    }
    const std::string_view text = network;
    const size_t slash = text.find('/');
    const std::optional<Ip> ip = IpOf(text.substr(0, slash));
    std::optional<uint16_t> bits;
    if (ip) bits = static_cast<uint16_t>(8 * kIpv6Bytes - ip->prefix_bits);
    const std::optional<uint16_t> most = bits;
    if (slash != std::string_view::npos) bits = PortOf(text.substr(slash + 1));
    if (!ip || !bits || *bits > *most) {
      return Fail(Error::New("http: \"" + network + "\" is no network (\"10.0.0.0/8\", \"::1\")"));
    }
    trust.networks_.push_back({.ip = ip->bytes, .bits = ip->prefix_bits + *bits});
  }
  return trust;
}

bool ProxyTrust::Has(std::string_view peer) const {
  const size_t colon = peer.rfind(':');
  if (peer.starts_with('@') || peer.starts_with('/') || colon == std::string_view::npos) {
    return unix_;
  }
  std::string_view host = peer.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const std::optional<Ip> ip = IpOf(host.substr(0, host.find('%')));
  if (!ip) return false;
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    const size_t whole = network.bits / 8;
    const unsigned rest = network.bits % 8;
    const auto same = static_cast<size_t>(
        std::mismatch(ip->bytes.begin(), ip->bytes.end(), network.ip.begin()).first -
        ip->bytes.begin());
    if (same < whole) return false;
    return rest == 0 || ((ip->bytes[whole] ^ network.ip[whole]) >> (8 - rest)) == 0;
  });
}

}  // namespace hon::server
