#pragma once

#include "hon/http/serve_mux.h"

namespace hon::app {

/// Registers what the benchmark asks for beside the demo's routes: "POST /echo" answers with the
/// request's body.
void RegisterEcho(http::ServeMux& mux);

}  // namespace hon::app
