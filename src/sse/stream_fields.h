#pragma once

#include "hon/http/header.h"

namespace hon::sse::internal {

/// The fields of a stream's head: Content-Type, and the fields that keep proxies from holding
/// events back where the handler has not set them.
void SetStreamFields(http::Header& header);

}  // namespace hon::sse::internal
