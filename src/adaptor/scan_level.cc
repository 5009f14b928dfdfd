#include "hon/adaptor/scan_level.h"

#include <vector>

#include "adaptor/scan_kernels.h"

namespace hon::adaptor {
namespace internal {
namespace {

constexpr uint8_t kControl = 1;
constexpr uint8_t kGap = 2;
constexpr uint8_t kNoToken = 4;

constexpr std::array<uint8_t, 256> MakeClasses() {
  std::array<uint8_t, 256> classes{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    classes[byte] =
        static_cast<uint8_t>((IsControlByte(byte) ? kControl : 0) | (IsGapByte(byte) ? kGap : 0) |
                             (IsTokenByte(byte) ? 0 : kNoToken));
  }
  return classes;
}
constexpr std::array<uint8_t, 256> kClasses = MakeClasses();

ScanFunction Find(ScanLevel level) {
  if (level == ScanLevel::kPlain) return &ScanPlain;
  if (ScanFunction scan = X86Scan(level)) return scan;
  return NeonScan(level);
}

std::vector<ScanLevel> FindLevels() {
  std::vector<ScanLevel> levels;
  for (const ScanLevel level :
       {ScanLevel::kAvx2, ScanLevel::kSse2, ScanLevel::kNeon, ScanLevel::kPlain}) {
    if (Find(level) != nullptr) levels.push_back(level);
  }
  return levels;
}

}  // namespace

void ScanPlain(const char* data, size_t size, ScanMasks& masks) {
  masks = {};
  for (size_t i = 0; i < size; ++i) {
    const uint64_t byte_class = kClasses[static_cast<unsigned char>(data[i])];
    masks.control |= (byte_class & 1) << i;
    masks.gap |= ((byte_class >> 1) & 1) << i;
    masks.no_token |= (byte_class >> 2) << i;
  }
}

}  // namespace internal

std::span<const ScanLevel> ScanLevels() {
  static const std::vector<ScanLevel> levels = internal::FindLevels();
  return levels;
}

ScanLevel BestScanLevel() { return ScanLevels().front(); }

ScanFunction ScanFunctionOf(ScanLevel level) {
  const ScanFunction scan = internal::Find(level);
  return scan != nullptr ? scan : &internal::ScanPlain;
}

}  // namespace hon::adaptor
