#include "hon/h2/huffman.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace hon::h2 {
namespace {

constexpr size_t kSymbols = 257;  // 256 is EOS
constexpr unsigned kCodeBitsMax = 30;
constexpr unsigned kShortBits = 8;  // codes up to this length are found by one table look-up

// RFC 7541 Appendix B. The code is canonical: codes of one length count up in the order of their
// symbols, and longer codes follow shorter ones, so the lengths determine the code.
constexpr std::array<uint8_t, kSymbols> kLengths = {
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,  //
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,  //
    6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,   //
    5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8,  15, 6,  12, 10,  //
    13, 6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,   //
    7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8,  13, 19, 13, 14, 6,   //
    15, 5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,   //
    6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7,  15, 11, 14, 13, 28,  //
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,  //
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,  //
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,  //
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,  //
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,  //
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,  //
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,  //
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,  //
    30};

struct Code {
  uint32_t bits = 0;
  uint8_t length = 0;
};

struct Tables {
  std::array<Code, kSymbols> codes{};              // by symbol
  std::array<uint16_t, kSymbols> symbols{};        // by code, in order
  std::array<uint32_t, kCodeBitsMax + 1> limit{};  // by length: the first code that is longer,
                                                   // aligned to the left of 32 bits
  std::array<uint32_t, kCodeBitsMax + 1> first{};  // by length: the first code
  std::array<uint16_t, kCodeBitsMax + 1> index{};  // by length: the index of its first symbol
  struct Short {
    uint8_t symbol = 0;
    uint8_t length = 0;  // 0: the code is longer than kShortBits
  };
  std::array<Short, 1 << kShortBits> shorts{};  // by the next kShortBits bits
};

constexpr Tables MakeTables() {
  Tables tables;
  uint32_t code = 0;
  uint16_t count = 0;
  for (unsigned length = 1; length <= kCodeBitsMax; ++length) {
    code <<= 1;
    tables.first[length] = code;
    tables.index[length] = count;
    for (unsigned symbol = 0; symbol < kSymbols; ++symbol) {
      if (kLengths[symbol] != length) continue;
      tables.codes[symbol] = {code, static_cast<uint8_t>(length)};
      tables.symbols[count++] = static_cast<uint16_t>(symbol);
      if (length <= kShortBits) {
        const uint32_t from = code << (kShortBits - length);
        for (uint32_t i = 0; i < (1U << (kShortBits - length)); ++i) {
          tables.shorts[from + i] = {static_cast<uint8_t>(symbol), static_cast<uint8_t>(length)};
        }
      }
      ++code;
    }
    // The last length fills the code space, whose end does not fit into 32 bits.
    tables.limit[length] = length == kCodeBitsMax ? UINT32_MAX : code << (32 - length);
  }
  return tables;
}

constexpr Tables kTables = MakeTables();
static_assert(kTables.codes[256].bits == 0x3fffffff && kTables.codes[256].length == 30);
static_assert(kTables.codes['0'].bits == 0 && kTables.codes['a'].bits == 3);

// The length of the code at the start of the upper 32 bits of `window`, longer than kShortBits.
unsigned LengthOfLong(uint32_t window) {
  unsigned length = kShortBits + 1;
  while (length < kCodeBitsMax && window >= kTables.limit[length]) ++length;
  return length;
}

}  // namespace

std::optional<size_t> HuffmanDecode(std::string_view encoded, char* to) {
  const char* const begin = to;
  const char* in = encoded.data();
  const char* const end = in + encoded.size();
  uint64_t window = 0;  // unread bits, from the left
  unsigned bits = 0;
  for (;;) {
    while (bits <= 56 && in != end) {
      window |= static_cast<uint64_t>(static_cast<unsigned char>(*in++)) << (56 - bits);
      bits += 8;
    }
    while (bits >= kShortBits) {
      const Tables::Short found = kTables.shorts[window >> (64 - kShortBits)];
      if (found.length == 0) break;
      *to++ = static_cast<char>(found.symbol);
      window <<= found.length;
      bits -= found.length;
    }
    if (bits < kCodeBitsMax && in != end) continue;
    if (bits < kShortBits) {
      // The end of the input: another short code, or padding.
      const Tables::Short found = kTables.shorts[window >> (64 - kShortBits)];
      if (found.length == 0 || found.length > bits) break;
      *to++ = static_cast<char>(found.symbol);
      window <<= found.length;
      bits -= found.length;
      continue;
    }
    const auto upper = static_cast<uint32_t>(window >> 32);
    const unsigned length = LengthOfLong(upper);
    if (length > bits) return std::nullopt;  // 8 bits or more that are no whole code
    const uint32_t code = upper >> (32 - length);
    const uint16_t symbol = kTables.symbols[kTables.index[length] + (code - kTables.first[length])];
    if (symbol == 256) return std::nullopt;
    *to++ = static_cast<char>(symbol);
    window <<= length;
    bits -= length;
  }
  // Fewer than 8 bits are left, all of them ones (RFC 7541 §5.2).
  if (bits != 0 && window != ~uint64_t{0} << (64 - bits)) return std::nullopt;
  return static_cast<size_t>(to - begin);
}

size_t HuffmanEncodedBytes(std::string_view text) {
  size_t bits = 0;
  for (const char c : text) bits += kLengths[static_cast<unsigned char>(c)];
  return (bits + 7) / 8;
}

char* HuffmanEncode(std::string_view text, char* to) {
  uint64_t window = 0;  // unwritten bits, at the right
  unsigned bits = 0;
  for (const char c : text) {
    const Code code = kTables.codes[static_cast<unsigned char>(c)];
    window = window << code.length | code.bits;
    bits += code.length;
    while (bits >= 8) {
      bits -= 8;
      *to++ = static_cast<char>(window >> bits);
    }
  }
  if (bits != 0) *to++ = static_cast<char>(window << (8 - bits) | (0xffU >> bits));
  return to;
}

}  // namespace hon::h2
