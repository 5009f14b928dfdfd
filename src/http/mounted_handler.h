#pragma once

#include <cstddef>
#include <utility>

#include "hon/http/handler.h"
#include "hon/http/loop_bound.h"

namespace hon::http::internal {

/// Calls a handler with the path without its first segments, which the mux has matched.
class MountedHandler final : public Handler {
 public:
  MountedHandler(HandlerPtr handler, size_t segments)
      : handler_(std::move(handler)), segments_(segments) {}
  void ServeHTTP(ResponseWriter& w, Request& r) override;
  Target Resolve(Request&) override { return LoopBound::Around(*this, *handler_); }

 private:
  const HandlerPtr handler_;
  const size_t segments_;
};

}  // namespace hon::http::internal
