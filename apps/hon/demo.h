#pragma once

#include <string>

#include "chat.h"
#include "figures.h"
#include "hon/http/serve_mux.h"

namespace hon::app {

/// What the demo shows, on a mux: "/" (the page, or a greeting), "/sse" (the time once a second
/// until the client leaves), "/figures" (the server's, likewise), "/ws" (echo) and "/chat" over
/// WebSocket, "/file". Destroy the server before this.
class Demo {
 public:
  /// `file` is what "/file" serves.
  Demo(http::ServeMux& mux, std::string file);
  /// What "/figures" streams.
  [[nodiscard]] sse::Broadcaster& FiguresStream() { return figures_; }

 private:
  sse::Broadcaster figures_{kFiguresStream};
  Echo echo_;
  Chat chat_;
};

}  // namespace hon::app
