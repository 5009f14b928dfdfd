#pragma once

#include <cstddef>
#include <utility>

#include "hon/http/handler.h"

namespace hon::http::internal {

/// Calls a handler with the path without its first segments, which the mux has matched.
class MountedHandler final : public Handler {
 public:
  MountedHandler(HandlerPtr handler, size_t segments)
      : handler_(std::move(handler)), segments_(segments) {}
  void ServeHTTP(ResponseWriter& w, Request& r) override;

 private:
  const HandlerPtr handler_;
  const size_t segments_;
};

}  // namespace hon::http::internal
