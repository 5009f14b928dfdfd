#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace hon::test {

/// Whether `condition` becomes true within a time that suits a busy machine.
inline bool Eventually(const std::function<bool()>& condition,
                       std::chrono::milliseconds within = std::chrono::seconds(20)) {
  constexpr std::chrono::milliseconds kPause{5};
  for (std::chrono::milliseconds waited{0}; waited < within; waited += kPause) {
    if (condition()) return true;
    std::this_thread::sleep_for(kPause);
  }
  return false;
}

}  // namespace hon::test
