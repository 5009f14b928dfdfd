// Shuts down gracefully: on SIGTERM or SIGINT no new connection is taken, running requests are
// answered, and connections still open after ten seconds are cut.
//
//     c++ -std=c++20 shutdown.cc -o shutdown $(pkg-config --cflags --libs hon)
//     ./shutdown 127.0.0.1:8080 & sleep 1
//     curl 127.0.0.1:8080/slow & sleep 1; kill -TERM %1; wait

#include <hon/engine/engine.h>
#include <hon/fiber/fiber.h>
#include <hon/http/serve_mux.h>
#include <hon/server/server.h>
#include <hon/server/signals.h>

#include <chrono>
#include <cstdio>
#include <thread>

namespace http = hon::http;
using namespace std::chrono_literals;

namespace {

void Slow(http::ResponseWriter& w, http::Request& r) {
  w.Write("a moment, please ... ");
  if (w.Flush()) return;
  if (hon::fiber::Sleep(r.Context(), 2s)) return;  // cut at the end of the ten seconds
  w.Write("done\n");
}

}  // namespace

int main(int argc, char** argv) {
  hon::server::SignalWaiter signals;  // before any other thread
  http::ServeMux mux;
  mux.HandleFunc("GET /slow", Slow);
  hon::engine::Engine engine(mux);
  hon::server::Server server(engine);
  if (const hon::Error err = server.Listen(argc > 1 ? argv[1] : ":8080")) {
    std::fprintf(stderr, "%s\n", err.Message().c_str());
    return 1;
  }
  signals.Wait();
  const auto grace = hon::appcontext::WithTimeout(hon::appcontext::Background(), 10s);
  const hon::Error err = server.Shutdown(grace.context);
  std::puts(err ? "some requests were cut" : "everybody was answered");
  return err ? 1 : 0;
}
