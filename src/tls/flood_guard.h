#pragma once

#include <algorithm>
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

  /// Counts one tiny record. Looks at the clock for one in kTinyPerLook alone: the window begins
  /// with the first of those.
  bool CountTiny() {
    Window& tiny = windows_[static_cast<size_t>(Kind::kTiny)];
    if (tiny.count == 0) tiny.start = {};
    const bool look = tiny.count % kTinyPerLook == kTinyPerLook - 1;
    if (!look && tiny.count < kTinyRecordsMax) {
      ++tiny.count;
      return true;
    }
    const TimePoint now = Clock::now();
    if (tiny.start == TimePoint{}) tiny.start = now;
    return Count(Kind::kTiny, now);
  }

  /// Takes back tiny records for `bytes` that were sent: a peer that acknowledges what it receives,
  /// as with the WINDOW_UPDATE frames of HTTP/2, or that is answered, is no flood.
  void Answered(size_t bytes) {
    uint32_t& tiny = windows_[static_cast<size_t>(Kind::kTiny)].count;
    const size_t credit = 1 + bytes / kTinyRecordPerBytesSent;
    tiny -= static_cast<uint32_t>(std::min<size_t>(tiny, credit));
  }

 private:
  static constexpr uint32_t kTinyPerLook = 256;
  static constexpr std::array<size_t, 3> kLimits = {kUselessRecordsMax, kKeyUpdatesMax,
                                                    kTinyRecordsMax};
  struct Window {
    TimePoint start{};
    uint32_t count = 0;
  };
  std::array<Window, 3> windows_{};
};

}  // namespace hon::tls
