#pragma once

#include "hon/http/serve_mux.h"

namespace hon::app {

/// Registers the benchmark's endpoints beside the demo's: "POST /echo" answers with the request's
/// body.
void RegisterEcho(http::ServeMux& mux);

}  // namespace hon::app
