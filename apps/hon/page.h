#pragma once

#include <string_view>

#include "hon/http/serve_mux.h"

namespace hon::app {

/// The greeting for every client but a browser.
inline constexpr std::string_view kWelcome = "Welcome! Try /sse endpoint.";

/// Registers "/" and "/page/...": the page for clients that prefer text/html, else the greeting.
void RegisterPage(http::ServeMux& mux);

/// Whether an Accept header asks for text/html by name, at least as much as for text/plain (RFC
/// 9110 §12.5.1). "*/*" alone does not count, nor does a missing header.
[[nodiscard]] bool PrefersHtml(std::string_view accept);

}  // namespace hon::app
