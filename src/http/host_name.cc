#include "http/host_name.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hon/base/utf8.h"
#include "http/ip_address.h"
#include "http/token.h"

namespace hon::http::internal {
namespace {

// RFC 3492 §5.
constexpr uint32_t kBase = 36;
constexpr uint32_t kTMin = 1;
constexpr uint32_t kTMax = 26;
constexpr uint32_t kSkew = 38;
constexpr uint32_t kDamp = 700;
constexpr uint32_t kInitialBias = 72;
constexpr uint32_t kInitialN = 0x80;

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

// The characters of `text`, which is UTF-8.
std::u32string CodePoints(std::string_view text) {
  std::u32string points;
  while (!text.empty()) {
    const size_t size = Utf8CharacterBytes(text);
    auto point = static_cast<char32_t>(static_cast<uint8_t>(text[0]));
    if (size > 1) point &= 0x7Fu >> size;
    for (size_t i = 1; i < size; ++i) {
      point = (point << 6) | (static_cast<uint8_t>(text[i]) & 0x3F);
    }
    points += point;
    text.remove_prefix(size);
  }
  return points;
}

char PunycodeDigit(uint32_t value) {
  return static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26));
}

// RFC 3492 §6.1.
uint32_t AdaptBias(uint32_t delta, uint32_t points, bool first) {
  delta = first ? delta / kDamp : delta / 2;
  delta += delta / points;
  uint32_t k = 0;
  for (; delta > (kBase - kTMin) * kTMax / 2; k += kBase) delta /= kBase - kTMin;
  return k + (kBase - kTMin + 1) * delta / (delta + kSkew);
}

// A variable-length integer (RFC 3492 §3.3).
void AppendDelta(std::string& to, uint32_t delta, uint32_t bias) {
  uint32_t q = delta;
  for (uint32_t k = kBase;; k += kBase) {
    const uint32_t t = std::clamp(k, bias + kTMin, bias + kTMax) - bias;
    if (q < t) break;
    to += PunycodeDigit(t + (q - t) % (kBase - t));
    q = (q - t) / (kBase - t);
  }
  to += PunycodeDigit(q);
}

// RFC 3492 §6.3. A label has at most kHostNameBytesMax characters, so that no number overflows:
// 0x10FFFF × 256 is less than 2³².
void AppendPunycode(std::string& to, std::string_view label) {
  const std::u32string points = CodePoints(label);
  to += "xn--";
  uint32_t basic = 0;
  for (const char32_t point : points) {
    if (point >= kInitialN) continue;
    to += ToLower(static_cast<char>(point));
    ++basic;
  }
  if (basic > 0) to += '-';
  uint32_t n = kInitialN;
  uint32_t delta = 0;
  uint32_t bias = kInitialBias;
  for (uint32_t handled = basic; handled < points.size(); ++delta, ++n) {
    uint32_t next = UINT32_MAX;
    for (const char32_t point : points) {
      if (point >= n) next = std::min<uint32_t>(next, point);
    }
    delta += (next - n) * (handled + 1);
    n = next;
    for (const char32_t point : points) {
      if (point < n) ++delta;
      if (point != n) continue;
      AppendDelta(to, delta, bias);
      bias = AdaptBias(delta, handled + 1, handled == basic);
      delta = 0;
      ++handled;
    }
  }
}

}  // namespace

std::optional<std::string> CanonicalHostName(std::string_view host) {
  if (host.empty() || host.size() > kHostNameBytesMax || !IsUtf8(host)) return std::nullopt;
  if (IsAscii(host)) return ToLower(host);
  std::string name;
  for (;;) {
    const size_t dot = std::min(host.find('.'), host.size());
    const std::string_view label = host.substr(0, dot);
    if (IsAscii(label)) {
      name += ToLower(label);
    } else {
      AppendPunycode(name, label);
    }
    if (dot == host.size()) break;
    name += '.';
    host.remove_prefix(dot + 1);
  }
  if (name.size() > kHostNameBytesMax) return std::nullopt;
  return name;
}

bool IsLoopbackHost(std::string_view host) {
  if (host == "localhost" || IsSubdomain(host, "localhost")) return true;
  const std::optional<IpAddress> address = ParseIpAddress(host);
  return address && address->IsLoopback();
}

}  // namespace hon::http::internal
