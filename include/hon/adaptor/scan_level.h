#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace hon::adaptor {

/// Instruction sets for which the head parser's byte classification exists.
enum class ScanLevel : uint8_t { kPlain, kSse2, kAvx2, kNeon };

/// The bytes, out of up to 64, that stop each scan; bit i is byte i, bits past the last byte are 0.
struct ScanMasks {
  uint64_t control = 0;   // may not be in a field value: CTL other than TAB, DEL
  uint64_t gap = 0;       // may not be in a target: CTL, SP, DEL, "#"
  uint64_t no_token = 0;  // may not be in a token (RFC 9110 §5.6.2)
};

/// Classifies the 1 to 64 bytes at `data`; reads no byte outside.
using ScanFunction = void (*)(const char* data, size_t size, ScanMasks& masks);

/// The levels that this machine can run, the best first; kPlain is always the last.
[[nodiscard]] std::span<const ScanLevel> ScanLevels();
[[nodiscard]] ScanLevel BestScanLevel();
/// The kernel of `level`; kPlain's where this machine cannot run it.
[[nodiscard]] ScanFunction ScanFunctionOf(ScanLevel level);

}  // namespace hon::adaptor
