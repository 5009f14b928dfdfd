#pragma once

#include <cstdint>

#include "hon/base/time.h"
#include "hon/h2/session.h"
#include "hon/http/http2_config.h"

namespace hon::h2 {

/// Sets the limits for which `config` has a value within the field's range.
void ApplyConfig(const http::HTTP2Config& config, SessionLimits& limits);

/// The payload of the PING to a silent peer.
inline constexpr uint64_t kHealthPing = 0x6865616c7468;
/// PingTimeout of `config`, or its default: how long the answer to kHealthPing is waited for.
[[nodiscard]] Duration PingTimeoutOf(const http::HTTP2Config& config);

}  // namespace hon::h2
