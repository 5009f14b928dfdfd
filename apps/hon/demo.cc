#include "demo.h"

#include <chrono>
#include <ctime>

#include "hon/http/file_server.h"
#include "hon/sse/writer.h"
#include "page.h"

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

void Ticker(http::ResponseWriter& w, http::Request& r) {
  Result<sse::Writer> stream = sse::Writer::Start(w, r);
  if (!stream) return;
  while (!stream->Send(NowAsText()) && !stream->Wait(std::chrono::seconds(1))) {
  }
}

}  // namespace

Demo::Demo(http::ServeMux& mux, std::string file) {
  RegisterPage(mux);
  mux.HandleFunc("/sse", Ticker);
  mux.Handle("/figures", figures_);
  mux.HandleFunc("/ws", [this](auto& w, auto& r) { echo_.ServeHTTP(w, r); });
  mux.HandleFunc("/chat", [this](auto& w, auto& r) { chat_.ServeHTTP(w, r); });
  mux.HandleFunc("/file", [file = std::move(file)](http::ResponseWriter& w, http::Request& r) {
    http::ServeFile(w, r, file);
  });
}

}  // namespace hon::app
