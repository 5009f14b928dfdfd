#include "hon/base/duration.h"

#include <cstdint>
#include <optional>
#include <string>

namespace hon {
namespace {

// The magnitude of the least duration; that of the greatest is one less.
constexpr uint64_t kMagnitudeMax = uint64_t{1} << 63;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// `text` in quotes; what is no printable ASCII as hexadecimal digits.
std::string Quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte >= 0x80) {
      quoted.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::optional<uint64_t> NanosecondsOf(std::string_view unit) {
  constexpr struct {
    std::string_view name;
    uint64_t nanoseconds;
  } kUnits[] = {{"ns", 1},
                {"us", 1000},
                {"\xC2\xB5s", 1000},  // the micro sign
                {"\xCE\xBCs", 1000},  // the Greek letter
                {"ms", 1000'000},
                {"s", 1000'000'000},
                {"m", 60 * uint64_t{1000'000'000}},
                {"h", 3600 * uint64_t{1000'000'000}}};
  for (const auto& known : kUnits) {
    if (known.name == unit) return known.nanoseconds;
  }
  return std::nullopt;
}

// The digits that `text` begins with, which are taken from it.
std::string_view TakeDigits(std::string_view& text) {
  size_t size = 0;
  while (size < text.size() && IsDigit(text[size])) ++size;
  const std::string_view digits = text.substr(0, size);
  text.remove_prefix(size);
  return digits;
}

// Nothing when it is past kMagnitudeMax.
std::optional<uint64_t> ParseWhole(std::string_view digits) {
  uint64_t value = 0;
  for (const char c : digits) {
    if (value > kMagnitudeMax / 10) return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
    if (value > kMagnitudeMax) return std::nullopt;
  }
  return value;
}

// "0.digits" of `unit` nanoseconds. Digits past the precision of 63 bits do not count.
uint64_t FractionOf(std::string_view digits, uint64_t unit) {
  uint64_t value = 0;
  double scale = 1;
  for (const char c : digits) {
    if (value > (kMagnitudeMax - 1) / 10) break;
    const uint64_t next = value * 10 + static_cast<uint64_t>(c - '0');
    if (next > kMagnitudeMax) break;
    value = next;
    scale *= 10;
  }
  if (value == 0) return 0;
  return static_cast<uint64_t>(static_cast<double>(value) * (static_cast<double>(unit) / scale));
}

}  // namespace

Result<Duration> ParseDuration(std::string_view text) {
  const auto refuse = [text](std::string_view why) {
    std::string message = "time: ";
    return Fail(Error::Of(ErrDuration, message.append(why).append(Quoted(text))));
  };
  constexpr std::string_view kInvalid = "invalid duration ";
  std::string_view left = text;
  const bool negative = left.starts_with('-');
  if (negative || left.starts_with('+')) left.remove_prefix(1);
  if (left == "0") return Duration(0);
  if (left.empty()) return refuse(kInvalid);
  uint64_t sum = 0;
  while (!left.empty()) {
    const std::string_view whole = TakeDigits(left);
    std::string_view fraction;
    if (left.starts_with('.')) {
      left.remove_prefix(1);
      fraction = TakeDigits(left);
    }
    const std::optional<uint64_t> count = ParseWhole(whole);
    if (!count || (whole.empty() && fraction.empty())) return refuse(kInvalid);
    size_t unit_bytes = 0;
    while (unit_bytes < left.size() && left[unit_bytes] != '.' && !IsDigit(left[unit_bytes])) {
      ++unit_bytes;
    }
    const std::string_view unit = left.substr(0, unit_bytes);
    left.remove_prefix(unit_bytes);
    if (unit.empty()) return refuse("missing unit in duration ");
    const std::optional<uint64_t> each = NanosecondsOf(unit);
    if (!each) return refuse("unknown unit " + Quoted(unit) + " in duration ");
    if (*count > kMagnitudeMax / *each) return refuse(kInvalid);
    const uint64_t value = *count * *each + FractionOf(fraction, *each);
    if (value > kMagnitudeMax || value + sum > kMagnitudeMax) return refuse(kInvalid);
    sum += value;
  }
  if (!negative && sum == kMagnitudeMax) return refuse(kInvalid);
  return Duration(static_cast<int64_t>(negative ? 0 - sum : sum));
}

}  // namespace hon
