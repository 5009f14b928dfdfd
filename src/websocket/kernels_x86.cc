// SSE4.1 and AVX2, detected at run time. On other architectures this file has no kernels.
//
// UTF-8 as in "Validating UTF-8 In Less Than One Instruction Per Byte" (Keiser, Lemire, 2020):
// three tables, indexed by the nibbles of each byte and of the one before it, hold a bit for each
// way in which two bytes cannot follow each other. A bit in the AND of the three look-ups is an
// error. The exception is the bit for "two continuations", which is right where a longer sequence
// began two or three bytes before.

#include "websocket/kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

namespace hon::websocket::internal {
namespace {

// The error bits. One table is indexed by the high nibble of the first byte, one by its low nibble,
// one by the high nibble of the second.
constexpr uint8_t kTooShort = 1 << 0;      // a lead byte without a continuation behind it
constexpr uint8_t kTooLong = 1 << 1;       // ASCII with a continuation behind it
constexpr uint8_t kOverlong3 = 1 << 2;     // E0 80..9F
constexpr uint8_t kTooLarge = 1 << 3;      // F4 90.. and above
constexpr uint8_t kSurrogate = 1 << 4;     // ED A0..BF
constexpr uint8_t kOverlong2 = 1 << 5;     // C0 and C1
constexpr uint8_t kTooLarge1000 = 1 << 6;  // F5.. 80..8F
constexpr uint8_t kOverlong4 = 1 << 6;     // F0 80..8F
constexpr uint8_t kTwoConts = 1 << 7;      // two continuations
constexpr uint8_t kCarry = kTooShort | kTooLong | kTwoConts;

alignas(16) constexpr uint8_t kFirstHigh[16] = {
    kTooLong,
    kTooLong,
    kTooLong,
    kTooLong,
    kTooLong,
    kTooLong,
    kTooLong,
    kTooLong,  // 0x0_..0x7_
    kTwoConts,
    kTwoConts,
    kTwoConts,
    kTwoConts,                                           // 0x8_..0xB_
    kTooShort | kOverlong2,                              // 0xC_
    kTooShort,                                           // 0xD_
    kTooShort | kOverlong3 | kSurrogate,                 // 0xE_
    kTooShort | kTooLarge | kTooLarge1000 | kOverlong4,  // 0xF_
};
alignas(16) constexpr uint8_t kFirstLow[16] = {
    kCarry | kOverlong3 | kOverlong2 | kOverlong4,  // _0
    kCarry | kOverlong2,                            // _1
    kCarry,                                         // _2
    kCarry,                                         // _3
    kCarry | kTooLarge,                             // _4
    kCarry | kTooLarge | kTooLarge1000,
    kCarry | kTooLarge | kTooLarge1000,  // _5, _6
    kCarry | kTooLarge | kTooLarge1000,
    kCarry | kTooLarge | kTooLarge1000,  // _7, _8
    kCarry | kTooLarge | kTooLarge1000,
    kCarry | kTooLarge | kTooLarge1000,  // _9, _A
    kCarry | kTooLarge | kTooLarge1000,
    kCarry | kTooLarge | kTooLarge1000,               // _B, _C
    kCarry | kTooLarge | kTooLarge1000 | kSurrogate,  // _D
    kCarry | kTooLarge | kTooLarge1000,
    kCarry | kTooLarge | kTooLarge1000,  // _E, _F
};
alignas(16) constexpr uint8_t kSecondHigh[16] = {
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
    kTooLong | kOverlong2 | kTwoConts | kOverlong3 | kTooLarge1000 | kOverlong4,  // 0x8_
    kTooLong | kOverlong2 | kTwoConts | kOverlong3 | kTooLarge,                   // 0x9_
    kTooLong | kOverlong2 | kTwoConts | kSurrogate | kTooLarge,                   // 0xA_
    kTooLong | kOverlong2 | kTwoConts | kSurrogate | kTooLarge,                   // 0xB_
    kTooShort,
    kTooShort,
    kTooShort,
    kTooShort,
};

#define HON_SSE __attribute__((target("sse4.1")))
#define HON_AVX2 __attribute__((target("avx2")))

HON_SSE __m128i Load16(const void* at) { return _mm_loadu_si128(static_cast<const __m128i*>(at)); }

HON_SSE void MaskSse(char* to, const char* from, size_t size, uint32_t key) {
  const __m128i wide = _mm_set1_epi32(static_cast<int>(key));
  size_t at = 0;
  for (; at + 16 <= size; at += 16) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), _mm_xor_si128(Load16(from + at), wide));
  }
  MaskPlain(to + at, from + at, size - at, key);
}

HON_SSE __m128i Utf8Errors(__m128i bytes, __m128i before) {
  const __m128i nibble = _mm_set1_epi8(0x0F);
  const __m128i one = _mm_alignr_epi8(bytes, before, 15);
  const __m128i first_high =
      _mm_shuffle_epi8(Load16(kFirstHigh), _mm_and_si128(_mm_srli_epi16(one, 4), nibble));
  const __m128i first_low = _mm_shuffle_epi8(Load16(kFirstLow), _mm_and_si128(one, nibble));
  const __m128i second_high =
      _mm_shuffle_epi8(Load16(kSecondHigh), _mm_and_si128(_mm_srli_epi16(bytes, 4), nibble));
  const __m128i pairs = _mm_and_si128(_mm_and_si128(first_high, first_low), second_high);
  const __m128i two = _mm_alignr_epi8(bytes, before, 14);
  const __m128i three = _mm_alignr_epi8(bytes, before, 13);
  const __m128i third = _mm_subs_epu8(two, _mm_set1_epi8(0xE0 - 0x80));
  const __m128i fourth = _mm_subs_epu8(three, _mm_set1_epi8(0xF0 - 0x80));
  const __m128i continued =
      _mm_and_si128(_mm_or_si128(third, fourth), _mm_set1_epi8(static_cast<char>(0x80)));
  return _mm_xor_si128(pairs, continued);
}

HON_SSE bool ValidUtf8Sse(const char* data, size_t size) {
  __m128i before = _mm_setzero_si128();
  __m128i errors = _mm_setzero_si128();
  size_t at = 0;
  bool ascii = true;  // only ASCII since the last error look-up: no sequence is open
  for (; at + 16 <= size; at += 16) {
    const __m128i bytes = Load16(data + at);
    const bool plain = _mm_movemask_epi8(bytes) == 0;
    if (!plain || !ascii) errors = _mm_or_si128(errors, Utf8Errors(bytes, before));
    ascii = plain;
    before = bytes;
  }
  // The rest, padded with zeros, which also end an incomplete sequence.
  char rest[16] = {};
  std::memcpy(rest, data + at, size - at);
  const __m128i bytes = Load16(rest);
  errors = _mm_or_si128(errors, Utf8Errors(bytes, before));
  return _mm_testz_si128(errors, errors) != 0;
}

HON_AVX2 __m256i Load32(const char* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}
HON_AVX2 __m256i Twice(const uint8_t (&table)[16]) {
  return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(table)));
}

HON_AVX2 void MaskAvx2(char* to, const char* from, size_t size, uint32_t key) {
  const __m256i wide = _mm256_set1_epi32(static_cast<int>(key));
  size_t at = 0;
  for (; at + 32 <= size; at += 32) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + at),
                        _mm256_xor_si256(Load32(from + at), wide));
  }
  MaskPlain(to + at, from + at, size - at, key);
}

HON_AVX2 __m256i Utf8Errors(__m256i bytes, __m256i before) {
  const __m256i nibble = _mm256_set1_epi8(0x0F);
  // The bytes at distances of one, two and three, across the two lanes.
  const __m256i crossing = _mm256_permute2x128_si256(before, bytes, 0x21);
  const __m256i one = _mm256_alignr_epi8(bytes, crossing, 15);
  const __m256i first_high =
      _mm256_shuffle_epi8(Twice(kFirstHigh), _mm256_and_si256(_mm256_srli_epi16(one, 4), nibble));
  const __m256i first_low = _mm256_shuffle_epi8(Twice(kFirstLow), _mm256_and_si256(one, nibble));
  const __m256i second_high = _mm256_shuffle_epi8(
      Twice(kSecondHigh), _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble));
  const __m256i pairs = _mm256_and_si256(_mm256_and_si256(first_high, first_low), second_high);
  const __m256i two = _mm256_alignr_epi8(bytes, crossing, 14);
  const __m256i three = _mm256_alignr_epi8(bytes, crossing, 13);
  const __m256i third = _mm256_subs_epu8(two, _mm256_set1_epi8(0xE0 - 0x80));
  const __m256i fourth = _mm256_subs_epu8(three, _mm256_set1_epi8(0xF0 - 0x80));
  const __m256i continued =
      _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(static_cast<char>(0x80)));
  return _mm256_xor_si256(pairs, continued);
}

HON_AVX2 bool ValidUtf8Avx2(const char* data, size_t size) {
  __m256i before = _mm256_setzero_si256();
  __m256i errors = _mm256_setzero_si256();
  size_t at = 0;
  bool ascii = true;
  for (; at + 32 <= size; at += 32) {
    const __m256i bytes = Load32(data + at);
    const bool plain = _mm256_movemask_epi8(bytes) == 0;
    if (!plain || !ascii) errors = _mm256_or_si256(errors, Utf8Errors(bytes, before));
    ascii = plain;
    before = bytes;
  }
  char rest[32] = {};
  std::memcpy(rest, data + at, size - at);
  errors = _mm256_or_si256(errors, Utf8Errors(Load32(rest), before));
  // For input that ends with a whole stretch of 32 bytes, the zeros above check the end.
  return _mm256_testz_si256(errors, errors) != 0;
}

}  // namespace

Kernels X86Kernels(KernelLevel level) {
  if (level == KernelLevel::kAvx2 && __builtin_cpu_supports("avx2") != 0) {
    return {level, &MaskAvx2, &ValidUtf8Avx2};
  }
  if (level == KernelLevel::kSse && __builtin_cpu_supports("sse4.1") != 0) {
    return {level, &MaskSse, &ValidUtf8Sse};
  }
  return {};
}

}  // namespace hon::websocket::internal

#else

namespace hon::websocket::internal {

Kernels X86Kernels(KernelLevel) { return {}; }

}  // namespace hon::websocket::internal

#endif
