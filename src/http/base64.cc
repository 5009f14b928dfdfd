#include "hon/http/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace hon::base64 {
namespace {

using Digits = std::array<char, 64>;
using Values = std::array<uint8_t, 256>;

constexpr uint8_t kNoDigit = 0xFF;

constexpr Digits MakeDigits(char digit62, char digit63) {
  Digits digits{};
  size_t at = 0;
  for (char c = 'A'; c <= 'Z'; ++c) digits[at++] = c;
  for (char c = 'a'; c <= 'z'; ++c) digits[at++] = c;
  for (char c = '0'; c <= '9'; ++c) digits[at++] = c;
  digits[at++] = digit62;
  digits[at] = digit63;
  return digits;
}

constexpr Values MakeValues(const Digits& digits) {
  Values values{};
  for (uint8_t& value : values) value = kNoDigit;
  for (size_t i = 0; i < digits.size(); ++i) {
    values[static_cast<unsigned char>(digits[i])] = static_cast<uint8_t>(i);
  }
  return values;
}

constexpr std::array<Digits, 2> kDigits = {MakeDigits('+', '/'), MakeDigits('-', '_')};
constexpr std::array<Values, 2> kValues = {MakeValues(kDigits[0]), MakeValues(kDigits[1])};

// Reads four digits at a time, and the shorter group that may be the last.
class Decoder {
 public:
  Decoder(std::string_view text, const Values& values, bool padded, bool strict)
      : text_(text), values_(values), padded_(padded), strict_(strict) {}

  Result<std::string> Run() {
    std::string bytes;
    bytes.reserve(text_.size() / 4 * 3 + 3);
    while (TakeGroup(bytes)) {
    }
    if (wrong_at_ == kNowhere) return bytes;
    return Fail(Error::Of(ErrCorruptInput,
                          "illegal base64 data at input byte " + std::to_string(wrong_at_)));
  }

 private:
  static constexpr size_t kNowhere = SIZE_MAX;

  // Returns false at the end, and for malformed text.
  bool TakeGroup(std::string& bytes) {
    uint32_t bits = 0;
    size_t count = 0;
    bool last = false;
    while (count < 4 && !last) {
      if (at_ == text_.size()) {
        if (count == 0) return false;
        if (count == 1 || padded_) return Wrong(at_ - count);
        last = true;
        break;
      }
      const char c = text_[at_++];
      const uint8_t value = values_[static_cast<unsigned char>(c)];
      if (value != kNoDigit) {
        bits = bits << 6 | value;
        ++count;
      } else if (c == '=' && padded_) {
        if (!TakePadding(count)) return false;
        last = true;
      } else if (c != '\n' && c != '\r') {
        return Wrong(at_ - 1);
      }
    }
    const size_t size = count - 1;
    bits <<= 6 * (4 - count);
    const uint32_t stray = bits & ((uint32_t{1} << (24 - 8 * size)) - 1);
    if (strict_ && stray != 0) return Wrong(at_ - (4 - count));
    for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(bits >> (16 - 8 * i) & 0xFF);
    return !last;
  }

  // Reads the padding behind its first "=", which came after `count` digits of a group.
  bool TakePadding(size_t count) {
    if (count < 2) return Wrong(at_ - 1);
    if (count == 2) {
      SkipLineEnds();
      if (at_ == text_.size()) return Wrong(at_);
      if (text_[at_] != '=') return Wrong(at_ - 1);
      ++at_;
    }
    SkipLineEnds();
    return at_ == text_.size() || Wrong(at_);
  }

  void SkipLineEnds() {
    while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  }

  bool Wrong(size_t at) {
    wrong_at_ = at;
    return false;
  }

  const std::string_view text_;
  const Values& values_;
  const bool padded_;
  const bool strict_;
  size_t at_ = 0;
  size_t wrong_at_ = kNowhere;
};

}  // namespace

std::string Encoding::EncodeToString(std::string_view bytes) const {
  const Digits& digits = kDigits[static_cast<size_t>(alphabet_)];
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  while (!bytes.empty()) {
    const std::string_view group = bytes.substr(0, 3);
    uint32_t bits = 0;
    for (size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    }
    for (size_t i = 0; i < 4; ++i) {
      if (i <= group.size()) text += digits[bits >> (18 - 6 * i) & 63];
      if (i > group.size() && padded_) text += '=';
    }
    bytes.remove_prefix(group.size());
  }
  return text;
}

Result<std::string> Encoding::DecodeString(std::string_view text) const {
  return Decoder(text, kValues[static_cast<size_t>(alphabet_)], padded_, strict_).Run();
}

}  // namespace hon::base64
