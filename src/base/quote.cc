#include "hon/base/quote.h"

#include <cstddef>

namespace hon {
namespace {

// How long the UTF-8 character is that `text` begins with; 0 when it begins with none (RFC 3629).
size_t CharacterSize(std::string_view text) {
  const auto byte = [text](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto more = [&byte](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return more(1) ? 2 : 0;
  if ((first & 0xF0) == 0xE0) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) >= 0xA0;
    return more(1) && more(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool too_big = first == 0xF4 && byte(1) >= 0x90;
    return more(1) && more(2) && more(3) && !overlong && !too_big ? 4 : 0;
  }
  return 0;
}

void AppendHex(std::string& to, unsigned char byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  to.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
}

}  // namespace

std::string Quote(std::string_view text) {
  constexpr std::string_view kNamed = "\a\b\f\n\r\t\v\"\\";
  constexpr std::string_view kNames = "abfnrtv\"\\";
  std::string quoted = "\"";
  while (!text.empty()) {
    const size_t size = CharacterSize(text);
    const size_t named = kNamed.find(text.front());
    const auto byte = static_cast<unsigned char>(text.front());
    if (named != std::string_view::npos) {
      quoted.append(1, '\\').append(1, kNames[named]);
    } else if (size == 0 || byte < 0x20 || byte == 0x7F) {
      AppendHex(quoted, byte);
    } else {
      quoted.append(text.substr(0, size));
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return quoted += '"';
}

}  // namespace hon
