#pragma once

// The bytes that may stand unescaped in each part of a URL. RFC 3986 appendix A, with the choices
// that Go made where the RFC leaves one.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/error.h"

namespace hon::url::internal {

/// The part that a text belongs to; one bit each.
enum Part : uint8_t {
  kPath = 1,
  kPathSegment = 2,
  kHost = 4,
  kZone = 8,
  kUserinfo = 16,
  kQueryComponent = 32,
  kFragment = 64,
};

constexpr std::array<uint8_t, 256> MakeBytes() {
  std::array<uint8_t, 256> bytes{};
  auto allow = [&bytes](std::string_view these, int parts) {
    for (const char c : these) {
      auto& entry = bytes[static_cast<unsigned char>(c)];
      entry = static_cast<uint8_t>(entry | parts);
    }
  };
  constexpr int kAll =
      kPath | kPathSegment | kHost | kZone | kUserinfo | kQueryComponent | kFragment;
  allow("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~", kAll);
  allow("$&+,/:;=@", kPath);
  allow("$&+:=@", kPathSegment);
  allow("$&+,;=", kUserinfo);
  allow("$&+,/:;=?@!()*", kFragment);
  allow("!$&'()*+,;=:[]<>\"", kHost | kZone);
  return bytes;
}

inline constexpr std::array<uint8_t, 256> kBytes = MakeBytes();

constexpr bool Allowed(char c, Part part) {
  return (kBytes[static_cast<unsigned char>(c)] & part) != 0;
}

constexpr bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

/// The value of a hexadecimal digit, or -1.
constexpr int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool IsEscape(std::string_view text, size_t at) {
  return text.size() - at >= 3 && HexValue(text[at + 1]) >= 0 && HexValue(text[at + 2]) >= 0;
}

/// The byte that the valid escape at `text[at]` stands for.
constexpr char EscapedByte(std::string_view text, size_t at) {
  return static_cast<char>(HexValue(text[at + 1]) * 16 + HexValue(text[at + 2]));
}

/// Appends `text`, escaped for `part`.
void AppendEscaped(std::string& to, std::string_view text, Part part);

/// Whether escaping `text` for `part` would change it.
bool NeedsEscape(std::string_view text, Part part);

/// Fails with ErrEscape or ErrHost when `text` cannot be decoded.
Error CheckEscapes(std::string_view text, Part part);

/// Appends `text`, which passed CheckEscapes, with its escapes undone.
void AppendDecoded(std::string& to, std::string_view text, Part part);

/// Whether AppendEscaped of the decoded form of `escaped` gives `escaped` again. `escaped` has
/// passed CheckEscapes.
bool IsDefaultEncoding(std::string_view escaped, Part part);

/// Appends `text` with its escapes undone, or fails with ErrEscape or ErrHost and appends nothing.
Error AppendUnescaped(std::string& to, std::string_view text, Part part);

}  // namespace hon::url::internal
