#include "json.h"

#include <cstdint>

namespace hon::app {
namespace {

constexpr char32_t kBad = 0xFFFFFFFF;

bool Continues(std::string_view text, size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

// Takes one character off `text`. Returns kBad, and takes one byte, for malformed UTF-8 (RFC 3629).
char32_t TakeCharacter(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  size_t size = 1;
  char32_t value = first;
  char32_t least = 0;
  if (first >= 0xC0 && first < 0xE0) size = 2, value = first & 0x1F, least = 0x80;
  if (first >= 0xE0 && first < 0xF0) size = 3, value = first & 0x0F, least = 0x800;
  if (first >= 0xF0 && first < 0xF8) size = 4, value = first & 0x07, least = 0x10000;
  bool good = first < 0x80 || size > 1;
  for (size_t i = 1; good && i < size; ++i) {
    good = Continues(text, i);
    if (good) value = (value << 6) | (static_cast<unsigned char>(text[i]) & 0x3F);
  }
  if (!good || value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
    text.remove_prefix(1);
    return kBad;
  }
  text.remove_prefix(size);
  return value;
}

void AppendEscape(char32_t value, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out.append("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(kDigits[(value >> shift) & 0xF]);
}

bool NeedsEscape(char32_t c) {
  return c < 0x20 || c == 0x7F || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' ||
         c == 0x2028 || c == 0x2029;
}

}  // namespace

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::string_view rest = text;
    const char32_t c = TakeCharacter(text);
    if (c == kBad) {
      AppendEscape(0xFFFD, out);
    } else if (NeedsEscape(c)) {
      AppendEscape(c, out);
    } else {
      out.append(rest.substr(0, rest.size() - text.size()));
    }
  }
  out.push_back('"');
  return out;
}

}  // namespace hon::app
