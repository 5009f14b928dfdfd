#include "http/ip_address.h"

#include <algorithm>
#include <charconv>

namespace hon::http::internal {
namespace {

constexpr size_t kMappedBytes = 12;  // before the IPv4 address in ::ffff:a.b.c.d
constexpr uint8_t kMappedBits = kMappedBytes * 8;

constexpr std::array<uint8_t, kMappedBytes> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool IsDecimal(char c) { return c >= '0' && c <= '9'; }

// Reads four bytes.
bool ReadIPv4(std::string_view text, uint8_t* into) {
  for (size_t part = 0; part < 4; ++part) {
    if (part > 0) {
      if (!text.starts_with('.')) return false;
      text.remove_prefix(1);
    }
    size_t digits = 0;
    unsigned value = 0;
    for (; digits < text.size() && digits < 4 && IsDecimal(text[digits]); ++digits) {
      value = value * 10 + static_cast<unsigned>(text[digits] - '0');
    }
    if (digits == 0 || value > 255 || (digits > 1 && text[0] == '0')) return false;
    into[part] = static_cast<uint8_t>(value);
    text.remove_prefix(digits);
  }
  return text.empty();
}

// The groups of an IPv6 address on one side of "::"; an IPv4 address at the end counts for two.
struct Groups {
  std::array<uint8_t, 16> bytes{};
  size_t size = 0;
};

bool ReadGroups(std::string_view text, bool may_end_in_ipv4, Groups& into) {
  while (!text.empty()) {
    const size_t colon = std::min(text.find(':'), text.size());
    const std::string_view group = text.substr(0, colon);
    if (may_end_in_ipv4 && colon == text.size() && group.find('.') != group.npos) {
      if (into.size > 12 || !ReadIPv4(group, &into.bytes[into.size])) return false;
      into.size += 4;
      return true;
    }
    uint16_t value = 0;
    const auto [stop, error] =
        std::from_chars(group.data(), group.data() + group.size(), value, 16);
    if (error != std::errc() || stop != group.data() + group.size() || group.size() > 4) {
      return false;
    }
    if (into.size > 14) return false;
    into.bytes[into.size] = static_cast<uint8_t>(value >> 8);
    into.bytes[into.size + 1] = static_cast<uint8_t>(value & 0xFF);
    into.size += 2;
    if (colon == text.size()) return true;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;  // a single colon at the end
  }
  return true;
}

std::optional<IpAddress> ReadIPv6(std::string_view text) {
  const size_t gap = text.find("::");
  Groups front;
  Groups back;
  IpAddress address;
  if (gap == text.npos) {
    if (!ReadGroups(text, true, front) || front.size != 16) return std::nullopt;
    address.bytes = front.bytes;
    return address;
  }
  if (!ReadGroups(text.substr(0, gap), false, front)) return std::nullopt;
  if (!ReadGroups(text.substr(gap + 2), true, back)) return std::nullopt;
  // "::" stands for one group of zeros at least.
  if (front.size + back.size > 14) return std::nullopt;
  std::copy_n(front.bytes.begin(), front.size, address.bytes.begin());
  std::copy_n(back.bytes.begin(), back.size,
              address.bytes.end() - static_cast<std::ptrdiff_t>(back.size));
  return address;
}

}  // namespace

bool IpAddress::IsV4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

bool IpAddress::IsLoopback() const {
  if (IsV4()) return bytes[kMappedBytes] == 127;
  return bytes[15] == 1 &&
         std::all_of(bytes.begin(), bytes.end() - 1, [](uint8_t b) { return b == 0; });
}

std::optional<IpAddress> ParseIpAddress(std::string_view text) {
  if (text.find(':') != text.npos) return ReadIPv6(text);
  IpAddress address;
  std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
  if (!ReadIPv4(text, &address.bytes[kMappedBytes])) return std::nullopt;
  return address;
}

bool IpNetwork::Contains(const IpAddress& other) const {
  // 0.0.0.0/0 has all IPv4 addresses and no IPv6 address; ::/0 has no IPv4 address.
  if (address.IsV4() != other.IsV4()) return false;
  const size_t whole = prefix_bits / 8;
  if (!std::equal(other.bytes.begin(), other.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                  address.bytes.begin())) {
    return false;
  }
  const int rest = prefix_bits % 8;
  if (rest == 0) return true;
  return ((other.bytes[whole] ^ address.bytes[whole]) >> (8 - rest)) == 0;
}

std::optional<IpNetwork> ParseIpNetwork(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  const std::optional<IpAddress> address = ParseIpAddress(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  uint8_t bits = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (!address || error != std::errc() || stop != digits.data() + digits.size())
    return std::nullopt;
  const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  if (bits > (v4 ? 32 : 128)) return std::nullopt;
  return IpNetwork{*address, static_cast<uint8_t>(v4 ? bits + kMappedBits : bits)};
}

}  // namespace hon::http::internal
