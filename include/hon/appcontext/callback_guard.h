#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "hon/appcontext/context.h"
#include "hon/base/guard.h"

namespace hon::appcontext {

/// Receives the reports of callbacks that threw. Called on any thread; must not throw.
class ThrowReporter {
 public:
  virtual ~ThrowReporter() = default;
  virtual void OnThrown(std::string_view callback, const Error& why) noexcept = 0;
};

/// `parent` with `reporter` for the callbacks below it. The engine binds its own above all
/// requests, so that a callback that threw becomes an event of that engine.
[[nodiscard]] Context WithThrowReporter(const Context& parent,
                                        std::weak_ptr<ThrowReporter> reporter);

/// Calls a program's callbacks and reports those that throw: to the ThrowReporter of a context, or
/// as one line on stderr where a context has none or its reporter has ended. A cheap value that may
/// be kept for as long as there are callbacks to call; any thread.
class CallbackGuard {
 public:
  /// Reports to stderr.
  CallbackGuard() = default;
  /// Reports to the ThrowReporter of `context`.
  [[nodiscard]] static CallbackGuard Of(const Context& context);

  /// Calls `callback`. Returns none, or the thrown error after reporting it under `name`.
  template <class F>
  Error Call(std::string_view name, F&& callback) const noexcept {
    Error thrown = CallGuarded(std::forward<F>(callback));
    if (thrown) [[unlikely]]
      Report(name, thrown);
    return thrown;
  }
  /// Reports an exception that was caught elsewhere.
  void Report(std::string_view name, const Error& why) const noexcept;

 private:
  std::weak_ptr<ThrowReporter> reporter_;
};

}  // namespace hon::appcontext
