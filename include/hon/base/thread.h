#pragma once

#include <pthread.h>

#include <functional>
#include <string>

#include "hon/base/result.h"

namespace hon {

/// A thread of the library. Started and joined by any one thread; movable.
class Thread {
 public:
  enum class Signals : uint8_t {
    kBlocked,    // every signal: the thread takes none that is sent to the process
    kInherited,  // the mask of the starting thread, for threads that run handlers
  };
  struct Options {
    std::string name;  // shown by tools; the system keeps 15 bytes
    Signals signals = Signals::kBlocked;
  };

  Thread() = default;
  /// Runs `main`, which must not throw, on a new thread. Fails where the system has none to give
  /// (Error::SystemCode EAGAIN: a limit on threads or memory); `main` is not called then.
  [[nodiscard]] static Result<Thread> Start(const Options& options, std::function<void()> main);
  Thread(Thread&& other) noexcept;
  Thread& operator=(Thread&& other) noexcept;
  /// The thread must have been joined.
  ~Thread();

  /// Whether Join is to be called.
  [[nodiscard]] bool Joinable() const { return joinable_; }
  /// Waits until `main` has returned.
  void Join();

 private:
  pthread_t id_{};
  bool joinable_ = false;
};

}  // namespace hon
