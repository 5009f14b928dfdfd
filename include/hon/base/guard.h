#pragma once

// A program's callbacks (hooks, functions that it registers) may throw. The library calls each of
// them through a guard, so that an exception ends the callback and nothing else; the docstring of
// each callback says what follows. Callers that stand above `appcontext` use
// appcontext::CallbackGuard, which also reports the exception.

#include <string>
#include <string_view>
#include <utility>

#include "hon/base/error.h"

namespace hon {

/// The exception that is being handled as an Error: the what() of a std::exception, a fixed text
/// for every other type. Only inside a catch clause.
[[nodiscard]] Error ThrownError() noexcept;

/// Calls `callback`. Returns none, or ThrownError when `callback` threw.
template <class F>
[[nodiscard]] Error CallGuarded(F&& callback) noexcept {
  try {
    std::forward<F>(callback)();
    return {};
  } catch (...) {
    return ThrownError();
  }
}

/// "<callback> threw: <what>", the text of every report.
[[nodiscard]] std::string DescribeThrown(std::string_view callback, const Error& why);

/// Writes DescribeThrown as one line to stderr, control bytes escaped. Any thread.
void LogThrown(std::string_view callback, const Error& why) noexcept;

}  // namespace hon
