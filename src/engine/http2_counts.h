#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "hon/engine/engine.h"

namespace hon::engine {

/// The counters behind Http2Stats, of one loop. Counted on the loop's thread, read on any thread.
class Http2Counts {
 public:
  enum class Of : uint8_t {
    kConnections,
    kStreams,
    kRefused,
    kResetsReceived,
    kResetsSent,
    kGoAways,
    kRetired,
    kFloods,
    kViolations,
    kStalls,
    kCount
  };

  void Add(Of of) {
    std::atomic<uint64_t>& count = counts_[static_cast<size_t>(of)];
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  [[nodiscard]] Http2Stats Get() const {
    return {.connections = At(Of::kConnections),
            .streams = At(Of::kStreams),
            .refused = At(Of::kRefused),
            .resets_received = At(Of::kResetsReceived),
            .resets_sent = At(Of::kResetsSent),
            .goaways = At(Of::kGoAways),
            .retired = At(Of::kRetired),
            .floods = At(Of::kFloods),
            .violations = At(Of::kViolations),
            .stalls = At(Of::kStalls)};
  }

 private:
  [[nodiscard]] uint64_t At(Of of) const {
    return counts_[static_cast<size_t>(of)].load(std::memory_order_relaxed);
  }

  std::array<std::atomic<uint64_t>, static_cast<size_t>(Of::kCount)> counts_{};
};

}  // namespace hon::engine
