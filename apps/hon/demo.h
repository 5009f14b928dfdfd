#pragma once

#include <string>

#include "hon/http/serve_mux.h"

namespace hon::app {

/// Registers the demo's routes: "/" (a greeting), "/file" (serves `file`), "/sse" (the time once a
/// second until the client leaves).
void RegisterDemo(http::ServeMux& mux, const std::string& file);

}  // namespace hon::app
