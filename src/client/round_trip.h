#pragma once

#include <cstdint>
#include <memory>

#include "client/core.h"
#include "hon/http/request.h"
#include "hon/http/response.h"

namespace hon::client {

/// Whether a request with an Upgrade field may become an extended CONNECT.
enum class Extended : uint8_t { kNo, kAllowed };

/// RoundTripper::RoundTrip on a fiber, whose loop the connection belongs to. `body` replaces that
/// of `r`. `trace`: hooks beside those of the context, or null.
Result<http::Response> RoundTripHere(const std::shared_ptr<Core>& core, const http::Request& r,
                                     http::Body body, Extended extended = Extended::kNo,
                                     const ClientTrace* trace = nullptr);

}  // namespace hon::client
