#pragma once

#include "hon/h2/session.h"
#include "hon/http/http2_config.h"

namespace hon::h2 {

/// Sets the limits for which `config` has a value within the field's range.
void ApplyConfig(const http::HTTP2Config& config, SessionLimits& limits);

}  // namespace hon::h2
