#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "hon/base/result.h"
#include "hon/base/thread.h"
#include "hon/base/time.h"

namespace hon::server {

/// Sends `state` ("READY=1", "STOPPING=1", "MAINPID=7", "STATUS=..."; several lines are possible)
/// to the service manager that has set NOTIFY_SOCKET, as sd_notify(3) does. No error where there is
/// none. Does not wait. Any thread.
Error NotifySupervisor(std::string_view state);

/// The time within which the service manager wants to hear WATCHDOG=1 again (WatchdogSec=, which
/// sets WATCHDOG_USEC and WATCHDOG_PID); kUnlimited where it does not ask. Reads the environment.
[[nodiscard]] Duration WatchdogTime();

/// Sends WATCHDOG=1 twice in that time, from a thread of its own, as long as `healthy` says true. A
/// service that is not healthy, or whose process hangs, is then ended by the service manager.
class Heartbeat {
 public:
  /// Does nothing where WatchdogTime is kUnlimited.
  static Result<Heartbeat> Start(std::function<bool()> healthy);
  Heartbeat(Heartbeat&&) noexcept = default;
  Heartbeat& operator=(Heartbeat&&) = delete;
  ~Heartbeat();

 private:
  struct State;
  Heartbeat() = default;

  std::shared_ptr<State> state_;
  Thread thread_;
};

}  // namespace hon::server
