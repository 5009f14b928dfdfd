#pragma once

#include <memory>

#include "client/core.h"
#include "hon/http/request.h"
#include "hon/http/response.h"

namespace hon::client {

/// RoundTripper::RoundTrip on a fiber, whose loop the connection belongs to. `body` replaces that
/// of `r`.
Result<http::Response> RoundTripHere(const std::shared_ptr<Core>& core, const http::Request& r,
                                     http::Body body);

}  // namespace hon::client
