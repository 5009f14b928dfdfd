#pragma once

#include <string>
#include <string_view>

namespace hon::h2::testing {

/// The bytes that hexadecimal digits stand for; blanks between them are skipped.
inline std::string FromHex(std::string_view digits) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  std::string bytes;
  int high = -1;
  for (const char c : digits) {
    if (c == ' ' || c == '\n') continue;
    if (high < 0) {
      high = value(c);
    } else {
      bytes.push_back(static_cast<char>(high * 16 + value(c)));
      high = -1;
    }
  }
  return bytes;
}

}  // namespace hon::h2::testing
