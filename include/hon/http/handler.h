#pragma once

#include <functional>
#include <utility>

#include "hon/http/request.h"
#include "hon/http/response_writer.h"

namespace hon::http {

/// Answers one request.
/// Runs on a fiber. It may wait for I/O, and it may block. Calls for other requests run in
/// parallel.
/// Lifetime: `r`, its views, its body and `w` end when this returns; copy what you keep.
/// Faults: an exception means 500 before the head is sent, a cut connection after it;
/// throwing AbortHandler cuts it without a log line.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void ServeHTTP(ResponseWriter& w, Request& r) = 0;
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

}  // namespace hon::http
