#pragma once

// Requests for tests of handlers, made without a server.

#include <string>
#include <string_view>

#include "hon/http/request.h"

namespace hon::httptest {

/// The peer of every request that NewRequest makes (RFC 5737).
inline constexpr std::string_view kRemoteAddr = "192.0.2.1:1234";

/// A request as a server would hand it to a handler: HTTP/1.1, Host example.com unless `target` is
/// an absolute URL. The request owns its texts. `method` "" means GET. Throws std::invalid_argument
/// for a method or target that no server would accept.
[[nodiscard]] http::Request NewRequest(std::string_view method, std::string_view target);
/// A request with `body` and its length.
[[nodiscard]] http::Request NewRequest(std::string_view method, std::string_view target,
                                       std::string body);
/// A request with a body of unknown length (ContentLength -1), unless `body` is empty.
[[nodiscard]] http::Request NewRequest(std::string_view method, std::string_view target,
                                       http::Body body);

}  // namespace hon::httptest
