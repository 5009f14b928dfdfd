#include "websocket/kernels.h"

#include <cstring>
#include <vector>

namespace hon::websocket::internal {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080;

std::vector<Kernels> FindKernels() {
  std::vector<Kernels> found;
  for (const KernelLevel level : {KernelLevel::kAvx2, KernelLevel::kSse}) {
    if (const Kernels kernels = X86Kernels(level); kernels.valid_utf8 != nullptr) {
      found.push_back(kernels);
    }
  }
  found.push_back({KernelLevel::kPlain, &MaskPlain, &ValidUtf8Plain});
  return found;
}

bool IsTail(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// The length of the well-formed sequence at `at` (not ASCII), or 0.
size_t SequenceLength(const unsigned char* at, size_t left) {
  const unsigned char lead = at[0];
  if (left < 2 || lead < 0xC2) return 0;
  const unsigned char second = at[1];
  if (lead < 0xE0) return IsTail(second) ? 2 : 0;
  if (left < 3 || !IsTail(at[2])) return 0;
  if (lead < 0xF0) {
    const unsigned char low = lead == 0xE0 ? 0xA0 : 0x80;   // overlong forms
    const unsigned char high = lead == 0xED ? 0x9F : 0xBF;  // surrogates
    return second >= low && second <= high ? 3 : 0;
  }
  if (left < 4 || !IsTail(at[3]) || lead > 0xF4) return 0;
  const unsigned char low = lead == 0xF0 ? 0x90 : 0x80;   // overlong forms
  const unsigned char high = lead == 0xF4 ? 0x8F : 0xBF;  // past U+10FFFF
  return second >= low && second <= high ? 4 : 0;
}

}  // namespace

std::span<const Kernels> AllKernels() {
  static const std::vector<Kernels> kernels = FindKernels();
  return kernels;
}

void MaskPlain(char* to, const char* from, size_t size, uint32_t key) {
  const uint64_t wide = key | (static_cast<uint64_t>(key) << 32);
  size_t at = 0;
  for (; at + 8 <= size; at += 8) {
    uint64_t word;
    std::memcpy(&word, from + at, 8);
    word ^= wide;
    std::memcpy(to + at, &word, 8);
  }
  char bytes[4];
  std::memcpy(bytes, &key, 4);
  for (; at < size; ++at) to[at] = static_cast<char>(from[at] ^ bytes[at & 3]);
}

bool ValidUtf8Plain(const char* data, size_t size) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(data);
  size_t at = 0;
  while (at < size) {
    if (at + 8 <= size) {
      uint64_t word;
      std::memcpy(&word, bytes + at, 8);
      if ((word & kHighBits) == 0) {
        at += 8;
        continue;
      }
    }
    if (bytes[at] < 0x80) {
      ++at;
      continue;
    }
    const size_t length = SequenceLength(bytes + at, size - at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

}  // namespace hon::websocket::internal
