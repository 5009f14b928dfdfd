#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hon/engine/engine.h"
#include "hon/http/serve_mux.h"
#include "hon/server/server.h"

namespace hon::app {

/// The pages for operators, on a listener and a loop of their own:
///   /                an index of the following
///   /debug/vars      counters as JSON: the command line, and the members that `vars` gives
///   /debug/pprof/    an index, and below it profile?seconds=N, heap, symbol and cmdline, as
///                    `go tool pprof` and `google-pprof` want them
/// Requests must name an IP address or "localhost" as their host, so that no web page can reach
/// these pages by a name of its own (DNS rebinding).
class Admin {
 public:
  /// `vars` is called on the loop, until the Admin is destroyed.
  Admin(std::vector<std::string> command_line, std::function<std::string()> vars);

  Error Listen(const std::string& address);
  [[nodiscard]] std::string Address() const { return server_.Addresses().front(); }

 private:
  http::ServeMux mux_;
  engine::Engine engine_;
  server::Server server_;
};

}  // namespace hon::app
