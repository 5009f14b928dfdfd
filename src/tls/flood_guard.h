#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "hon/base/time.h"
#include "hon/tls/limits.h"

namespace hon::tls {

/// Counts the records of a peer without progress, each kind within a window of time.
class FloodGuard {
 public:
  enum class Kind : uint8_t { kUseless, kKeyUpdate, kTiny };

  /// Counts one record. Returns false for one more than the limit of its kind, within kFloodWindow
  /// of the first.
  bool Count(Kind kind, TimePoint now) {
    Window& window = windows_[static_cast<size_t>(kind)];
    if (window.count == 0 || now - window.start > kFloodWindow) window = {now, 0};
    return ++window.count <= kLimits[static_cast<size_t>(kind)];
  }

 private:
  static constexpr std::array<size_t, 3> kLimits = {kUselessRecordsMax, kKeyUpdatesMax,
                                                    kTinyRecordsMax};
  struct Window {
    TimePoint start{};
    uint32_t count = 0;
  };
  std::array<Window, 3> windows_{};
};

}  // namespace hon::tls
