#pragma once

// The common part of the ScanLevel kernels: the byte classes, and how a 16-byte kernel covers 64
// bytes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "hon/adaptor/scan_level.h"

namespace hon::adaptor::internal {

constexpr bool IsTokenByte(unsigned byte) {
  if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z'))
    return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(byte)) !=
         std::string_view::npos;
}

constexpr bool IsControlByte(unsigned byte) {
  return (byte < 0x20 && byte != '\t') || byte == 0x7F;
}
constexpr bool IsGapByte(unsigned byte) { return byte <= 0x20 || byte == 0x7F || byte == '#'; }

// For each low nibble, a bit per high nibble (0 to 7) with which it makes a token byte.
constexpr std::array<uint8_t, 16> MakeTokenNibbles() {
  std::array<uint8_t, 16> nibbles{};
  for (unsigned byte = 0; byte < 128; ++byte) {
    if (IsTokenByte(byte)) nibbles[byte & 15] |= static_cast<uint8_t>(1U << (byte >> 4));
  }
  return nibbles;
}
inline constexpr std::array<uint8_t, 16> kTokenNibbles = MakeTokenNibbles();

// Classifies up to 64 bytes by a kernel for 16. The last bytes are read by a load that ends with
// them and overlaps earlier bytes: the same bytes give the same bits.
template <void (*kBlock)(const char* data, ScanMasks& masks)>
void ClassifyBy16(const char* data, size_t size, ScanMasks& masks) {
  const auto add = [&masks](const char* at, size_t shift) {
    ScanMasks part;
    kBlock(at, part);
    masks.control |= part.control << shift;
    masks.gap |= part.gap << shift;
    masks.no_token |= part.no_token << shift;
  };
  masks = {};
  if (size < 16) {
    char padded[16] = {};
    std::memcpy(padded, data, size);
    add(padded, 0);
    const uint64_t valid = (uint64_t{1} << size) - 1;
    masks.control &= valid;
    masks.gap &= valid;
    masks.no_token &= valid;
    return;
  }
  size_t at = 0;
  for (; at + 16 <= size; at += 16) add(data + at, at);
  if (at != size) add(data + size - 16, size - 16);
}

void ScanPlain(const char* data, size_t size, ScanMasks& masks);

/// The kernel of `level` in this file's instruction sets; null when this machine cannot run it.
ScanFunction X86Scan(ScanLevel level);
ScanFunction NeonScan(ScanLevel level);

}  // namespace hon::adaptor::internal
