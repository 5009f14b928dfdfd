#pragma once

// The two loops over every payload byte, for each supported instruction set.

#include <cstddef>
#include <cstdint>
#include <span>

namespace hon::websocket::internal {

enum class KernelLevel : uint8_t { kPlain, kSse, kAvx2 };

struct Kernels {
  KernelLevel level = KernelLevel::kPlain;
  /// Writes `from` XOR the repeated key to `to`, which is `from` itself or does not overlap it. The
  /// key's bytes are in memory order, the first for the first byte.
  void (*mask)(char* to, const char* from, size_t size, uint32_t key) = nullptr;
  /// Whether all bytes together are UTF-8 (RFC 3629).
  bool (*valid_utf8)(const char* data, size_t size) = nullptr;
};

/// The kernels that this machine can run, the best first; kPlain is always the last.
[[nodiscard]] std::span<const Kernels> AllKernels();
[[nodiscard]] inline const Kernels& BestKernels() { return AllKernels().front(); }

void MaskPlain(char* to, const char* from, size_t size, uint32_t key);
bool ValidUtf8Plain(const char* data, size_t size);

/// The kernels of kernels_x86.cc for this machine; `valid_utf8` is null without one.
Kernels X86Kernels(KernelLevel level);

}  // namespace hon::websocket::internal
