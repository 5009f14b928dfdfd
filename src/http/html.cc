#include "hon/http/html.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "http/html.h"
#include "http/html_entities.h"

namespace hon::html {
namespace {

constexpr uint32_t kReplacement = 0xFFFD;
constexpr uint32_t kLastCharacter = 0x10FFFF;
// The longest name that is valid without ";".
constexpr size_t kOldNameBytesMax = 6;

// The characters for the numbers 0x80 to 0x9F: those of windows-1252.
constexpr std::array<uint16_t, 32> kWindows1252 = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The value of a hexadecimal digit, or 16.
uint32_t HexValue(char c) {
  if (IsDigit(c)) return static_cast<uint32_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint32_t>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<uint32_t>(c - 'A') + 10;
  return 16;
}

void AppendUtf8(std::string& into, uint32_t character) {
  const auto low = [character](unsigned shift) {
    return static_cast<char>(0x80 | (character >> shift & 0x3F));
  };
  if (character < 0x80) {
    into += static_cast<char>(character);
  } else if (character < 0x800) {
    into.append({static_cast<char>(0xC0 | character >> 6), low(0)});
  } else if (character < 0x10000) {
    into.append({static_cast<char>(0xE0 | character >> 12), low(6), low(0)});
  } else {
    into.append({static_cast<char>(0xF0 | character >> 18), low(12), low(6), low(0)});
  }
}

struct Entity {
  std::string_view name;
  std::string_view characters;  // hexadecimal, joined by "+"
  bool is_old = false;          // valid without ";" too
};

const std::vector<Entity>& Entities() {
  static const std::vector<Entity> entities = [] {
    std::vector<Entity> all;
    std::string_view left = http::internal::HtmlEntities();
    while (!left.empty()) {
      const std::string_view one = left.substr(0, left.find(' '));
      left.remove_prefix(one.size() + 1);
      const size_t mark = one.find_first_of("=!");
      all.push_back({one.substr(0, mark), one.substr(mark + 1), one[mark] == '!'});
    }
    return all;
  }();
  return entities;
}

// Null for an unknown name.
const Entity* Find(std::string_view name) {
  const std::vector<Entity>& all = Entities();
  const auto found = std::lower_bound(
      all.begin(), all.end(), name,
      [](const Entity& entity, std::string_view key) { return entity.name < key; });
  return found != all.end() && found->name == name ? &*found : nullptr;
}

void AppendCharacters(std::string& into, const Entity& entity) {
  uint32_t character = 0;
  for (const char c : entity.characters) {
    if (c == '+') {
      AppendUtf8(into, std::exchange(character, 0));
    } else {
      character = character * 16 + HexValue(c);
    }
  }
  AppendUtf8(into, character);
}

// Replaces "&#65;" or "&#x41;" at the start of `text`. Returns how many bytes of `text` were read;
// 0 for no number.
size_t ReplaceNumber(std::string& into, std::string_view text) {
  size_t at = 2;
  const bool hex = at < text.size() && (text[at] == 'x' || text[at] == 'X');
  const uint32_t base = hex ? 16 : 10;
  if (hex) ++at;
  uint32_t number = 0;
  while (at < text.size() && HexValue(text[at]) < base) {
    number = std::min(number * base + HexValue(text[at]), kLastCharacter + 1);
    ++at;
  }
  if (at < text.size() && text[at] == ';') ++at;
  if (at <= 3) return 0;  // as Go: "&#1" is no number either
  if (number >= 0x80 && number <= 0x9F) number = kWindows1252[number - 0x80];
  const bool surrogate = number >= 0xD800 && number <= 0xDFFF;
  AppendUtf8(into, number == 0 || surrogate || number > kLastCharacter ? kReplacement : number);
  return at;
}

// As ReplaceNumber, for "&lt;" or "&lt".
size_t ReplaceName(std::string& into, std::string_view text) {
  size_t end = 1;
  while (end < text.size() && (IsLetter(text[end]) || IsDigit(text[end]))) ++end;
  const std::string_view name = text.substr(1, end - 1);
  const bool closed = end < text.size() && text[end] == ';';
  const Entity* const entity = Find(name);
  if (entity != nullptr && (closed || entity->is_old)) {
    AppendCharacters(into, *entity);
    return end + (closed ? 1 : 0);
  }
  for (size_t size = std::min(name.size(), kOldNameBytesMax); size > 1; --size) {
    const Entity* const old = Find(name.substr(0, size));
    if (old == nullptr || !old->is_old) continue;
    AppendCharacters(into, *old);
    return 1 + size;
  }
  return 0;
}

}  // namespace

std::string EscapeString(std::string_view text) {
  std::string escaped;
  http::internal::AppendHtmlEscaped(escaped, text);
  return escaped;
}

std::string UnescapeString(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    const size_t mark = std::min(text.find('&'), text.size());
    plain.append(text.substr(0, mark));
    text.remove_prefix(mark);
    if (text.empty()) break;
    const bool is_number = text.size() > 1 && text[1] == '#';
    const size_t replaced = is_number ? ReplaceNumber(plain, text) : ReplaceName(plain, text);
    if (replaced == 0) plain += '&';
    text.remove_prefix(std::max<size_t>(replaced, 1));
  }
  return plain;
}

}  // namespace hon::html

namespace hon::http::internal {

void AppendHtmlEscaped(std::string& into, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        into += "&amp;";
        break;
      case '<':
        into += "&lt;";
        break;
      case '>':
        into += "&gt;";
        break;
      case '"':
        into += "&#34;";
        break;
      case '\'':
        into += "&#39;";
        break;
      default:
        into += c;
    }
  }
}

}  // namespace hon::http::internal
