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
  unsigned threads_max = 64;                      // calls at once; more wait their turn
  Duration idle_time = std::chrono::seconds(10);  // after which a thread that has no work ends
};

/// Plain threads for calls that block: made when they are needed, at most
/// BlockingOptions::threads_max, and ended when they no longer are. One pool may serve many
/// schedulers (fiber::Options::blocking).
class BlockingPool {
 public:
  explicit BlockingPool(BlockingOptions options = {});
  /// Ends its threads. Nobody waits for a call any more: destroy it after the schedulers.
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  /// Runs `function(argument)`, which must not throw, on one of the threads, first come, first
  /// served; returns when it has ended. Returns the cause of `context` when that ends before the
  /// call has begun, and a system error when there is no thread to be had at all.
  Error Run(const appcontext::Context& context, void (*function)(void*), void* argument);

  /// Threads that exist now. Any thread.
  [[nodiscard]] unsigned Threads() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

namespace internal {

/// In the pool of this fiber's scheduler; on a plain thread right here.
Error RunBlocking(const appcontext::Context& context, void (*function)(void*), void* argument);

}  // namespace internal

/// Calls `function()` on a plain thread while the calling fiber steps aside, so that it may block:
/// a database driver, a file system, getaddrinfo, a long computation. Returns what it returns,
/// throws what it throws. A plain thread, which may block anyway, makes the call itself.
///
/// A call that waits for a free thread ends with `context`, the fiber's own without one, and its
/// error is returned. One that has begun is waited for, whatever happens, since it may use what
/// lives on this stack.
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
