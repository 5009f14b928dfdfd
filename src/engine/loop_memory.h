#pragma once

#include <cstddef>
#include <cstdint>

#include "hon/base/time.h"
#include "hon/netpoll/timer.h"

namespace hon::engine {

struct LoopServices;

/// The memory of one loop. While the budget of the server is exceeded, cuts the connections that
/// hold the most bytes. When no loop of the server has had work for a while, gives free memory back
/// to the system.
class LoopMemory final : private netpoll::Timer {
 public:
  explicit LoopMemory(LoopServices& services) : services_(&services) {}
  ~LoopMemory() override;
  LoopMemory(const LoopMemory&) = delete;
  LoopMemory& operator=(const LoopMemory&) = delete;

  /// A connection was accepted, or has ended, which may leave free memory behind.
  void OnConnection() {
    ++connections_seen_;
    if (!busy_) [[unlikely]]
      BeginWork();
  }
  /// Called when the budget of the server is exceeded: cuts connections until the share of this
  /// loop is freed.
  void Relieve() noexcept;

 private:
  void OnTimer() override;
  void Look();
  void BeginWork();
  void ArmTimer();
  void UpdateScarce();
  void CutShare();
  size_t CutHolders(size_t wanted);
  void GiveBack();

  LoopServices* services_;
  uint64_t connections_seen_ = 0;  // accepted and ended ones so far
  uint64_t work_seen_ = 0;         // requests and connections at the last check
  TimePoint quiet_since_{};        // the last check that saw new work
  bool busy_ = false;              // counted in Shared::busy_loops
  bool given_back_ = true;         // no new work since the last GiveBack
};

}  // namespace hon::engine
