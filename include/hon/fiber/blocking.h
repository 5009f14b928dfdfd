#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "hon/appcontext/context.h"
#include "hon/base/result.h"
#include "hon/base/time.h"

namespace hon::fiber {

struct BlockingOptions {
  unsigned threads_max = 64;                      // calls at once; further calls wait
  Duration idle_time = std::chrono::seconds(10);  // after which an idle thread ends
};

/// Plain threads for calls that block: started when needed, at most BlockingOptions::threads_max,
/// and ended when idle. One pool may serve many schedulers (fiber::Options::blocking).
class BlockingPool {
 public:
  explicit BlockingPool(BlockingOptions options = {});
  /// Ends the threads. No call may be waiting: destroy the pool after the schedulers.
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  /// Runs `function(argument)`, which must not throw, on one of the threads, first come, first
  /// served; returns when the call has ended. Returns the cause of `context` when that ends before
  /// the call has begun, and a system error when no thread can be started.
  Error Run(const appcontext::Context& context, void (*function)(void*), void* argument);

  /// Threads that exist now. Any thread.
  [[nodiscard]] unsigned Threads() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

namespace internal {

/// Runs the call in the pool of this fiber's scheduler; on a plain thread directly.
Error RunBlocking(const appcontext::Context& context, void (*function)(void*), void* argument);

}  // namespace internal

/// Calls `function()` on a plain thread while the calling fiber is suspended, so that the function
/// may block: a database driver, a file system, getaddrinfo, a long computation. Returns its
/// result, throws its exception. On a plain thread, which may block anyway, the call is made
/// directly.
///
/// A call that waits for a free thread ends with `context` (default: the fiber's own), and the
/// context's cause is returned. A call that has begun is always waited for, since it may use memory
/// of the caller's stack.
///
/// `function` runs on another thread: it sees that thread's thread-locals, and fiber::Current() is
/// null there.
template <class F>
auto Blocking(const appcontext::Context& context, F&& function) {
  using Value = std::invoke_result_t<F&>;
  static_assert(!std::is_reference_v<Value>, "return a value or a pointer");
  struct Call {
    std::remove_reference_t<F>* function;
    std::optional<std::conditional_t<std::is_void_v<Value>, bool, Value>> value;
    std::exception_ptr thrown;
  };
  Call call{std::addressof(function), std::nullopt, nullptr};
  Error err = internal::RunBlocking(
      context,
      [](void* argument) {
        Call& here = *static_cast<Call*>(argument);
        try {
          if constexpr (std::is_void_v<Value>) {
            (*here.function)();
          } else {
            here.value.emplace((*here.function)());
          }
        } catch (...) {
          here.thrown = std::current_exception();
        }
      },
      &call);
  if (err) return Result<Value>(Fail(std::move(err)));
  if (call.thrown != nullptr) std::rethrow_exception(std::move(call.thrown));
  if constexpr (std::is_void_v<Value>) {
    return Result<Value>();
  } else {
    return Result<Value>(*std::move(call.value));
  }
}

[[nodiscard]] const appcontext::Context& CurrentContext();  // fiber.h

template <class F>
auto Blocking(F&& function) {
  return Blocking(CurrentContext(), std::forward<F>(function));
}

}  // namespace hon::fiber
