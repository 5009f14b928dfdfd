#pragma once

#include <cstddef>
#include <string>

#include "hon/base/time.h"
#include "hon/http/handler.h"

namespace hon::http {

/// The error of a handler's writes after its TimeoutHandler's timeout.
inline constexpr Sentinel ErrHandlerTimeout{"http: Handler timeout"};

/// Default of TimeoutOptions::body_bytes_max.
inline constexpr size_t kTimeoutBodyBytesMax = size_t{64} << 20;

/// Options of TimeoutHandler.
struct TimeoutOptions {
  /// The most bytes of a body that are kept until the handler has returned. A Write past it and
  /// every later one fail with io::ErrTooLong, and the answer is 500: no part of a body is ever
  /// sent as the whole.
  size_t body_bytes_max = kTimeoutBodyBytesMax;
};

/// Calls `handler` with a context that ends after `timeout`, and with a ResponseWriter that keeps
/// the answer in memory. The answer is sent when the handler has returned. A late answer is
/// replaced by 503 with `message` (a short HTML page if that is ""). If the context ended for
/// another reason, the answer is 503 without a body.
///
/// The handler runs concurrently with the caller (spawner.h), with a copy of the Request that lives
/// until the handler returns, and on another thread unless it was placed inline: the 503 is sent in
/// time also when the handler blocks or computes. A late handler is not killed: its waits fail, its
/// writes and its reads of the body fail with ErrHandlerTimeout, and it is expected to return; only
/// the engine's destruction waits for it. The handler's writer cannot flush, hijack or set
/// deadlines (ErrNotSupported). An exception passes to the caller; a late exception is dropped.
/// Without a Spawner the 503 is sent at the handler's first late write, or when the handler
/// returns.
[[nodiscard]] HandlerPtr TimeoutHandler(HandlerArg handler, Duration timeout,
                                        std::string message = "", TimeoutOptions options = {});

}  // namespace hon::http
