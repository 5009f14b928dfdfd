#pragma once

#include <string>

#include "chat.h"
#include "figures.h"
#include "hon/http/serve_mux.h"

namespace hon::app {

/// The demo's endpoints, on a mux: "/" (the page, or a greeting), "/sse" (the time once a second
/// until the client leaves), "/figures" (the server's, likewise), "/ws" (echo) and "/chat" over
/// WebSocket, "/file". Destroy the server before the Demo.
class Demo {
 public:
  /// `file` is the path of the file behind "/file".
  Demo(http::ServeMux& mux, std::string file);
  /// The stream behind "/figures".
  [[nodiscard]] sse::Broadcaster& FiguresStream() { return figures_; }

 private:
  sse::Broadcaster figures_{kFiguresStream};
  Echo echo_;
  Chat chat_;
};

}  // namespace hon::app
