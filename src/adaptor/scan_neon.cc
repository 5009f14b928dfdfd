// Byte classification for 64-bit ARM, where every machine has NEON. On other architectures this
// file has no kernel.

#include "adaptor/scan_kernels.h"

#if defined(__aarch64__)

#include <arm_neon.h>

namespace hon::adaptor::internal {
namespace {

// A bit for each byte that is 0xFF; the others are 0.
uint64_t Mask(uint8x16_t bytes) {
  static constexpr uint8_t kWeights[16] = {1, 2, 4, 8, 16, 32, 64, 128,
                                           1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t bits = vandq_u8(bytes, vld1q_u8(kWeights));
  return static_cast<uint64_t>(vaddv_u8(vget_low_u8(bits))) |
         (static_cast<uint64_t>(vaddv_u8(vget_high_u8(bits))) << 8);
}

void ClassifyNeon(const char* data, ScanMasks& masks) {
  static constexpr uint8_t kPowers[16] = {1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0};
  const uint8x16_t bytes = vld1q_u8(reinterpret_cast<const uint8_t*>(data));
  const uint8x16_t del = vceqq_u8(bytes, vdupq_n_u8(0x7F));
  const uint8x16_t tab = vceqq_u8(bytes, vdupq_n_u8('\t'));
  const uint8x16_t hash = vceqq_u8(bytes, vdupq_n_u8('#'));
  const uint8x16_t low = vcltq_u8(bytes, vdupq_n_u8(0x20));
  const uint8x16_t blank = vcleq_u8(bytes, vdupq_n_u8(0x20));
  masks.control = Mask(vorrq_u8(vbicq_u8(low, tab), del));
  masks.gap = Mask(vorrq_u8(vorrq_u8(blank, del), hash));
  // Two table look-ups share a bit when the nibbles make a token byte.
  const uint8x16_t by_low =
      vqtbl1q_u8(vld1q_u8(kTokenNibbles.data()), vandq_u8(bytes, vdupq_n_u8(15)));
  const uint8x16_t by_high = vqtbl1q_u8(vld1q_u8(kPowers), vshrq_n_u8(bytes, 4));
  masks.no_token = Mask(vceqzq_u8(vandq_u8(by_low, by_high)));
}

}  // namespace

ScanFunction NeonScan(ScanLevel level) {
  return level == ScanLevel::kNeon ? &ClassifyBy16<ClassifyNeon> : nullptr;
}

}  // namespace hon::adaptor::internal

#else

namespace hon::adaptor::internal {

ScanFunction NeonScan(ScanLevel) { return nullptr; }

}  // namespace hon::adaptor::internal

#endif
