#include "hon/base/quote.h"

#include <cstddef>

#include "hon/base/utf8.h"

namespace hon {
namespace {

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
    const size_t size = Utf8CharacterBytes(text);
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
