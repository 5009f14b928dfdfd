#pragma once

#include <cstddef>
#include <string>

#include "hon/base/time.h"
#include "hon/http/handler.h"

namespace hon::http {

/// What a handler's writes fail with once TimeoutHandler's time is over.
inline constexpr Sentinel ErrHandlerTimeout{"http: Handler timeout"};

/// How many bytes of an answer's body TimeoutHandler keeps, unless TimeoutOptions say otherwise.
inline constexpr size_t kTimeoutBodyBytesMax = size_t{64} << 20;

/// How TimeoutHandler treats an answer.
struct TimeoutOptions {
  /// The most bytes of a body that are kept until the handler has returned. A Write past it and
  /// every later one fail with io::ErrTooLong, and the answer is 500: no part of a body is ever
  /// sent as the whole.
  size_t body_bytes_max = kTimeoutBodyBytesMax;
};

/// Calls `handler` with a context that ends after `timeout`, and with a ResponseWriter that keeps
/// the answer in memory; it is sent when the handler has returned. If that is too late, the answer
/// is 503 with `message` (a short HTML page if that is ""); if the context ended for another
/// reason, 503 without a body.
///
/// The handler runs beside the caller (spawner.h), with a copy of the Request that lives until it
/// returns, and on a thread of its own unless it was placed inline: the 503 is sent in time also
/// when it blocks or computes. It is not killed: what it waits for fails once the time is over, as
/// do its writes and reads of the body with ErrHandlerTimeout, and it is expected to return; only
/// the engine's destruction waits for it. Its writer cannot flush, hijack or set deadlines
/// (ErrNotSupported). An exception passes to the caller, one that is too late is dropped. Without a
/// Spawner the 503 is sent at the handler's first write that is too late, or when it returns.
[[nodiscard]] HandlerPtr TimeoutHandler(HandlerArg handler, Duration timeout,
                                        std::string message = "", TimeoutOptions options = {});

}  // namespace hon::http
