// Server-sent events: a clock for each client, and news for all of them.
//
//     c++ -std=c++20 sse_clock.cc -o sse_clock $(pkg-config --cflags --libs hon)
//     ./sse_clock 127.0.0.1:8080
//     curl -N 127.0.0.1:8080/clock
//     curl -N 127.0.0.1:8080/news & curl -d 'text=it rains' 127.0.0.1:8080/news
//
// In a browser: new EventSource("/clock").onmessage = (event) => console.log(event.data)

#include <hon/http/serve_mux.h>
#include <hon/http/status.h>
#include <hon/server/server.h>
#include <hon/sse/broadcaster.h>
#include <hon/sse/writer.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>

namespace http = hon::http;
namespace sse = hon::sse;
using namespace std::chrono_literals;

namespace {

// A stream of one client: a loop with a wait in it. The loop and the wait end when the client
// leaves.
void Clock(http::ResponseWriter& w, http::Request& r) {
  hon::Result<sse::Writer> stream = sse::Writer::Start(w, r);
  if (!stream) return;
  do {
    if (stream->Send(std::to_string(std::time(nullptr)))) return;
  } while (!stream->Wait(1s));
}

}  // namespace

int main(int argc, char** argv) {
  sse::Broadcaster news;  // one stream for many; keeps the last events for clients that reconnect
  http::ServeMux mux;
  mux.HandleFunc("GET /clock", Clock);
  mux.Handle("GET /news", news);
  mux.HandleFunc("POST /news", [&](http::ResponseWriter& w, http::Request& r) {
    const hon::Error refused = news.Publish({.data = r.FormValue("text"), .event = "news"});
    w.WriteHeader(refused ? http::StatusBadRequest : http::StatusNoContent);
  });
  const hon::Error err = hon::server::ListenAndServe(argc > 1 ? argv[1] : ":8080", mux);
  std::fprintf(stderr, "%s\n", err.Message().c_str());
  return 1;
}
