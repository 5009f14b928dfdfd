#pragma once

#include <cstddef>
#include <string>

#include "hon/base/time.h"
#include "hon/http/handler.h"

namespace hon::http {

/// What a handler's writes fail with once TimeoutHandler's time is over.
inline constexpr Sentinel ErrHandlerTimeout{"http: Handler timeout"};

/// What TimeoutHandler keeps of one answer; a Write past it fails with io::ErrTooLong.
inline constexpr size_t kTimeoutBodyBytesMax = size_t{64} << 20;

/// Calls `handler` with a context that ends after `timeout`, and with a ResponseWriter that keeps
/// the answer in memory; it is sent when the handler has returned. If that is too late, the answer
/// is 503 with `message` (a short HTML page if that is ""); if the context ended for another
/// reason, 503 without a body.
///
/// The handler is not killed: what it waits for and its writes fail once the time is over, and it
/// is expected to return. The 503 is sent at its first write after that, or when it returns.
/// Its writer cannot flush, hijack or set deadlines. Exceptions pass through.
[[nodiscard]] HandlerPtr TimeoutHandler(HandlerArg handler, Duration timeout,
                                        std::string message = "");

}  // namespace hon::http
