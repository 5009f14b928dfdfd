#pragma once

// The two loops over every payload byte, in the instruction sets that they are written for.

#include <cstddef>
#include <cstdint>
#include <span>

namespace hon::websocket::internal {

enum class KernelLevel : uint8_t { kPlain, kSse, kAvx2 };

struct Kernels {
  KernelLevel level = KernelLevel::kPlain;
  /// Writes `from` XOR the repeated key to `to`, which is `from` itself or does not overlap it. The
  /// key's bytes are used in the order of memory, the first of them for the first byte.
  void (*mask)(char* to, const char* from, size_t size, uint32_t key) = nullptr;
  /// Whether the bytes are UTF-8 from end to end (RFC 3629).
  bool (*valid_utf8)(const char* data, size_t size) = nullptr;
};

/// Those that this machine can run, the best first; kPlain is always the last.
[[nodiscard]] std::span<const Kernels> AllKernels();
[[nodiscard]] inline const Kernels& BestKernels() { return AllKernels().front(); }

void MaskPlain(char* to, const char* from, size_t size, uint32_t key);
bool ValidUtf8Plain(const char* data, size_t size);

/// What kernels_x86.cc has for this machine; `valid_utf8` is null where it has nothing.
Kernels X86Kernels(KernelLevel level);

}  // namespace hon::websocket::internal
