// Byte classification for x86-64: SSE2, which every such machine has, and AVX2, detected at run
// time. On other architectures this file has no kernels.

#include "adaptor/scan_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

namespace hon::adaptor::internal {
namespace {

uint64_t Mask(__m128i bytes) { return static_cast<uint32_t>(_mm_movemask_epi8(bytes)); }

__m128i Equal(__m128i bytes, char to) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(to)); }

// Bytes from `low` to `high`: shifted down by `low`, they are at most the width.
__m128i Between(__m128i bytes, char low, char high) {
  const __m128i shifted = _mm_sub_epi8(bytes, _mm_set1_epi8(low));
  const __m128i width = _mm_set1_epi8(static_cast<char>(high - low));
  return _mm_cmpeq_epi8(_mm_min_epu8(shifted, width), shifted);
}

void ClassifySse2(const char* data, ScanMasks& masks) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data));
  const __m128i del = Equal(bytes, 0x7F);
  const __m128i low = Between(bytes, 0, 0x1F);
  const __m128i blank = _mm_or_si128(_mm_or_si128(low, Equal(bytes, ' ')), del);
  masks.control = Mask(_mm_or_si128(_mm_andnot_si128(Equal(bytes, '\t'), low), del));
  masks.gap = Mask(_mm_or_si128(blank, Equal(bytes, '#')));
  // The delimiters of RFC 9110 §5.6.2, in the order of their codes; bytes with the high bit set
  // are their own mask.
  __m128i no_token = _mm_or_si128(blank, Equal(bytes, '"'));
  no_token = _mm_or_si128(no_token, Between(bytes, '(', ')'));
  no_token = _mm_or_si128(no_token, Equal(bytes, ','));
  no_token = _mm_or_si128(no_token, Equal(bytes, '/'));
  no_token = _mm_or_si128(no_token, Between(bytes, ':', '@'));
  no_token = _mm_or_si128(no_token, Between(bytes, '[', ']'));
  no_token = _mm_or_si128(no_token, Equal(bytes, '{'));
  no_token = _mm_or_si128(no_token, Equal(bytes, '}'));
  masks.no_token = Mask(_mm_or_si128(no_token, bytes));
}

#define HON_AVX2 __attribute__((target("avx2")))

HON_AVX2 void ClassifyAvx2(const char* data, ScanMasks& masks) {
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data));
  const __m256i del = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7F));
  const __m256i tab = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\t'));
  const __m256i hash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('#'));
  const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes);
  const __m256i blank = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x20)), bytes);
  const __m256i control = _mm256_or_si256(_mm256_andnot_si256(tab, low), del);
  const __m256i gap = _mm256_or_si256(_mm256_or_si256(blank, del), hash);
  // Two table look-ups meet in a bit when the nibbles make a token byte. A byte with the high bit
  // set looks up 0.
  const __m256i nibbles = _mm256_broadcastsi128_si256(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(kTokenNibbles.data())));
  const __m256i powers = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15));
  const __m256i token =
      _mm256_and_si256(_mm256_shuffle_epi8(nibbles, bytes), _mm256_shuffle_epi8(powers, high));
  const __m256i no_token = _mm256_cmpeq_epi8(token, _mm256_setzero_si256());
  masks.control = static_cast<uint32_t>(_mm256_movemask_epi8(control));
  masks.gap = static_cast<uint32_t>(_mm256_movemask_epi8(gap));
  masks.no_token = static_cast<uint32_t>(_mm256_movemask_epi8(no_token));
}

// As ClassifyBy16; fewer than 32 bytes are left to SSE2.
HON_AVX2 void ScanAvx2(const char* data, size_t size, ScanMasks& masks) {
  if (size < 32) return ClassifyBy16<ClassifySse2>(data, size, masks);
  ScanMasks last;
  ClassifyAvx2(data, masks);
  ClassifyAvx2(data + size - 32, last);
  masks.control |= last.control << (size - 32);
  masks.gap |= last.gap << (size - 32);
  masks.no_token |= last.no_token << (size - 32);
}

}  // namespace

ScanFunction X86Scan(ScanLevel level) {
  if (level == ScanLevel::kAvx2 && __builtin_cpu_supports("avx2") != 0) return &ScanAvx2;
  if (level == ScanLevel::kSse2) return &ClassifyBy16<ClassifySse2>;
  return nullptr;
}

}  // namespace hon::adaptor::internal

#else

namespace hon::adaptor::internal {

ScanFunction X86Scan(ScanLevel) { return nullptr; }

}  // namespace hon::adaptor::internal

#endif
