#pragma once

#include "hon/appcontext/context.h"
#include "hon/http/response.h"

namespace hon::http::internal {

/// The error when Client::Timeout passes before the head of the answer has arrived.
[[nodiscard]] Error ClientTimeout();

/// Ends `limited` with the body of `answer`, and names the limit in the body's error.
void LimitBody(Response& answer, appcontext::Context limited, appcontext::CancelFunc cancel);

}  // namespace hon::http::internal
