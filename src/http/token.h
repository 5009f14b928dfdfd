#pragma once

// The bytes of tokens, as field names and methods (RFC 9110 §5.6.2), and ASCII case.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace hon::http::internal {

constexpr std::array<bool, 256> MakeTokenBytes() {
  std::array<bool, 256> bytes{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")) {
    bytes[static_cast<unsigned char>(c)] = true;
  }
  return bytes;
}

inline constexpr std::array<bool, 256> kTokenBytes = MakeTokenBytes();

constexpr bool IsToken(std::string_view text) {
  for (const char c : text) {
    if (!kTokenBytes[static_cast<unsigned char>(c)]) return false;
  }
  return !text.empty();
}

constexpr char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

inline std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = ToLower(c);
  return lower;
}
constexpr char ToUpper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

/// Whether `a` and `b` are equal but for ASCII case.
constexpr bool EqualFold(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (ToLower(a[i]) != ToLower(b[i])) return false;
  }
  return true;
}

}  // namespace hon::http::internal
