#include "apps/ending.h"

#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <thread>
#include <utility>

#include "hon/base/log.h"
#include "hon/base/thread.h"

namespace hon::app {

void EndProcessAfter(std::chrono::duration<unsigned> time) {
  Result<Thread> thread = Thread::Start({.name = "hon-end"}, [time] {
    std::this_thread::sleep_for(time);
    static_cast<void>(FlushLog(kLogEndWait));
    std::_Exit(1);
  });
  if (!thread) {  // the alarm's signal ends the process
    ::alarm(time.count());
    return;
  }
  // Never destroyed, so never joined.
  alignas(Thread) static std::array<std::byte, sizeof(Thread)> place;
  new (place.data()) Thread(std::move(*thread));
}

}  // namespace hon::app
