#pragma once

#include <string>

#include "bench/beast/stream.h"
#include "hon/http/handler.h"

namespace hon::beast {

/// Time limits for a client.
struct Timeouts {
  Duration read = std::chrono::seconds(10);  // for a head, and for a body
  Duration write = std::chrono::seconds(10);
  Duration keep_alive = std::chrono::seconds(30);
};

/// Serves one connection until it ends, on the calling thread, by `handler`.
void ServeConn(Stream stream, const std::string& peer, http::Handler& handler,
               const Timeouts& timeouts);

}  // namespace hon::beast
