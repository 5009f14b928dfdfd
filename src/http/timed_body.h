#pragma once

#include "hon/appcontext/context.h"
#include "hon/http/response.h"

namespace hon::http::internal {

/// Client::Timeout has passed before the head of the answer has come.
[[nodiscard]] Error ClientTimeout();

/// Ends `limited` with the body of `answer`, and names the limit in the body's error.
void LimitBody(Response& answer, appcontext::Context limited, appcontext::CancelFunc cancel);

}  // namespace hon::http::internal
