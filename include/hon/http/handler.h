#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "hon/http/request.h"
#include "hon/http/response_writer.h"

namespace hon::http {

class Handler;

/// One registered pattern of a mux. The address is the same for every request that the pattern
/// matches, as long as the mux lives.
struct Route {
  std::string pattern;  // as it was registered
  Handler* handler = nullptr;
  /// Storage for the server that runs the handler, zero at first. Muxes neither read nor write it.
  std::atomic<uint64_t> runner_word{0};
};

/// The handler that a request will run. Muxes and middleware pass the fields of the inner handler
/// on.
struct Target {
  Handler* handler = nullptr;
  Route* route = nullptr;   // null when no pattern matched
  uint8_t runner_hint = 0;  // a request to the server that runs the handler; zero: none
  /// ServeHTTP gives its work to the Spawner of the request and only waits for it (TimeoutHandler).
  bool delegates = false;
};

/// Answers one request. Runs on a fiber. A handler may wait for I/O, and may block. Calls for other
/// requests run in parallel. Lifetime: `r`, its views, its body and `w` end when ServeHTTP returns;
/// copy what you keep. Faults: an exception means 500 before the head is sent, a cut connection
/// after it; throwing AbortHandler cuts the connection without a log line.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void ServeHTTP(ResponseWriter& w, Request& r) = 0;

  /// Finds the handler that ServeHTTP would call, without calling it, for callers who need the
  /// pattern first: `Resolve(r).handler->ServeHTTP(w, r)` does the same as `ServeHTTP(w, r)`. A mux
  /// sets r.Pattern and the path values here. Never waits, never fails.
  virtual Target Resolve([[maybe_unused]] Request& r) { return {this, nullptr}; }
};

/// Thrown by a handler to cut the connection silently; Go's panic(http.ErrAbortHandler).
struct AbortHandler {};

/// A function as a Handler.
class HandlerFunc final : public Handler {
 public:
  using Function = std::function<void(ResponseWriter&, Request&)>;
  HandlerFunc(Function function)  // NOLINT(google-explicit-constructor)
      : function_(std::move(function)) {}
  void ServeHTTP(ResponseWriter& w, Request& r) override { function_(w, r); }

 private:
  Function function_;
};

/// A handler with shared ownership. Null: no handler.
using HandlerPtr = std::shared_ptr<Handler>;

/// The parameter type of functions that keep a handler. A reference is borrowed: the handler must
/// outlive its keeper. A shared_ptr is shared. A function becomes a HandlerFunc; an empty function
/// is no handler.
class HandlerArg {
 public:
  HandlerArg(Handler& borrowed) : held_(HandlerPtr(), &borrowed) {}  // NOLINT
  template <class T>
  requires std::is_base_of_v<Handler, T> HandlerArg(std::shared_ptr<T> shared)
      : held_(std::move(shared)) {}  // NOLINT
  template <class F>
  requires(std::is_invocable_v<F&, ResponseWriter&, Request&> &&
           !std::is_base_of_v<Handler, std::remove_cvref_t<F>>)
      HandlerArg(F function) {  // NOLINT(google-explicit-constructor)
    HandlerFunc::Function held(std::move(function));
    if (held) held_ = std::make_shared<HandlerFunc>(std::move(held));
  }

  [[nodiscard]] HandlerPtr Take() { return std::move(held_); }

 private:
  HandlerPtr held_;
};

}  // namespace hon::http
