#include "demo.h"

#include <chrono>
#include <ctime>

#include "hon/fiber/fiber.h"
#include "hon/http/file_server.h"

namespace hon::app {
namespace {

std::string NowAsText() {
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  gmtime_r(&now, &parts);
  char text[32];
  const size_t n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return std::string(text, n);
}

void Welcome(http::ResponseWriter& w, http::Request&) {
  w.Header().Set("Content-Type", "text/plain; charset=utf-8");
  w.Write("Welcome! Try /sse endpoint.");
}

void Ticker(http::ResponseWriter& w, http::Request& r) {
  w.Header().Set("Content-Type", "text/event-stream");
  w.Header().Set("Cache-Control", "no-cache");
  // An event stream has no end of its own: it outlives the request timeout, not the client.
  if (w.SetRequestDeadline(kNever)) return;
  while (true) {
    const std::string event = "data: " + NowAsText() + "\n\n";
    if (w.Write(event).err || w.Flush()) return;
    if (fiber::Sleep(r.Context(), std::chrono::seconds(1))) return;
  }
}

}  // namespace

void RegisterDemo(http::ServeMux& mux, const std::string& file) {
  mux.HandleFunc("/", Welcome);
  mux.HandleFunc("/sse", Ticker);
  mux.HandleFunc("/file", [file](http::ResponseWriter& w, http::Request& r) {
    http::ServeFile(w, r, file);
  });
}

}  // namespace hon::app
