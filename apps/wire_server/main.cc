// The conformance program: small endpoints that each show one thing of the contract, for the tests
// over the wire and for the comparison with Go's own server.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "endpoints.h"
#include "hon/engine/engine.h"
#include "hon/http/compress.h"
#include "hon/http/serve_mux.h"
#include "hon/server/server.h"
#include "hon/server/signals.h"

namespace hon::wire {
namespace {

// Times are in milliseconds, 0 for none. The defaults are the library's.
struct Flags {
  std::string address = "127.0.0.1:0";
  std::string backend = "auto";
  std::string placement = "adaptive";
  unsigned workers = engine::kWorkersMax;
  Files files{.dir = ".", .file = "/proc/self/exe"};
  unsigned loops = 2;
  int64_t request_timeout = 0;
  int64_t read_header_timeout = 10'000;
  int64_t read_timeout = 30'000;
  int64_t write_timeout = 30'000;
  int64_t keep_alive_timeout = 120'000;
  int64_t shutdown_timeout = 5'000;
  size_t header_bytes = size_t{1} << 20;
  int64_t body_bytes = int64_t{4} << 30;
  size_t connections = 0;
};

void Declare(CLI::App& app, Flags& flags) {
  app.add_option("--addr", flags.address, "where to listen");
  app.add_option("--backend", flags.backend, "auto, io_uring or epoll");
  app.add_option("--placement", flags.placement, "inline, workers or adaptive");
  app.add_option("--max-workers", flags.workers, "worker threads at most");
  app.add_option("--loops", flags.loops, "event loops");
  app.add_option("--files", flags.files.dir, "the directory that /files/ serves");
  app.add_option("--file", flags.files.file, "the file that /file serves");
  app.add_option("--request-timeout-ms", flags.request_timeout);
  app.add_option("--read-header-timeout-ms", flags.read_header_timeout);
  app.add_option("--read-timeout-ms", flags.read_timeout);
  app.add_option("--write-timeout-ms", flags.write_timeout);
  app.add_option("--keep-alive-timeout-ms", flags.keep_alive_timeout);
  app.add_option("--shutdown-timeout-ms", flags.shutdown_timeout);
  app.add_option("--max-header-bytes", flags.header_bytes);
  app.add_option("--max-body-bytes", flags.body_bytes);
  app.add_option("--max-connections", flags.connections, "0: what the descriptor limit allows");
}

void Register(http::ServeMux& mux, const Flags& flags) {
  RegisterPlain(mux);
  RegisterStreams(mux);
  RegisterLife(mux);
  RegisterForms(mux);
  RegisterFiles(mux, flags.files);
  RegisterWebSockets(mux);
  RegisterAnswers(mux);
  RegisterRequests(mux);
  RegisterRoutes(mux);
}

Duration Time(int64_t milliseconds) {
  return milliseconds == 0 ? kUnlimited : Duration(std::chrono::milliseconds(milliseconds));
}

int Serve(const Flags& flags, netpoll::BackendKind backend, engine::Placement placement,
          server::SignalWaiter& signals) {
  http::ServeMux plain;
  Register(plain, flags);
  http::ServeMux mux;
  Register(mux, flags);
  mux.Mount("/compressed", http::CompressHandler(plain));
  engine::Engine engine(mux, engine::WithRequestTimeout(Time(flags.request_timeout)),
                        engine::WithPlacement(placement), engine::WithMaxWorkers(flags.workers));
  server::Server server(engine, server::WithBackend(backend), server::WithLoops(flags.loops),
                        server::WithReadHeaderTimeout(Time(flags.read_header_timeout)),
                        server::WithReadTimeout(Time(flags.read_timeout)),
                        server::WithWriteTimeout(Time(flags.write_timeout)),
                        server::WithKeepAliveTimeout(Time(flags.keep_alive_timeout)),
                        server::WithMaxHeaderBytes(flags.header_bytes),
                        server::WithMaxBodyBytes(flags.body_bytes),
                        server::WithMaxConnections(flags.connections));
  if (Error err = server.Listen(flags.address)) {
    std::fprintf(stderr, "hon_wire_server: %s\n", err.Message().c_str());
    return 1;
  }
  const std::string address = server.Addresses().front();
  std::printf("hon_wire_server listening on %s%s backend=%s loops=%u\n",
              address.starts_with("unix:") ? "" : "http://", address.c_str(),
              std::string(server.Backend()).c_str(), server.Loops());
  std::fflush(stdout);

  std::thread stopper([&] {
    signals.Wait();
    const auto [grace, cancel] =
        appcontext::WithTimeout(appcontext::Background(), Time(flags.shutdown_timeout));
    if (server.Shutdown(grace)) std::fprintf(stderr, "requests were cut at shutdown\n");
    static_cast<void>(server.Close());
  });
  const Error end = server.Serve();
  stopper.join();
  return end.Is(http::ErrServerClosed) ? 0 : 1;
}

}  // namespace
}  // namespace hon::wire

int main(int argc, char** argv) {
  hon::server::SignalWaiter signals;
  hon::wire::Flags flags;
  CLI::App app("The conformance server.", "hon_wire_server");
  hon::wire::Declare(app, flags);
  CLI11_PARSE(app, argc, argv);
  const auto backend = hon::netpoll::ParseBackend(flags.backend);
  if (!backend) {
    std::fprintf(stderr, "hon_wire_server: %s\n", backend.error().Message().c_str());
    return 2;
  }
  const auto placement = hon::engine::ParsePlacement(flags.placement);
  if (!placement) {
    std::fprintf(stderr, "hon_wire_server: %s\n", placement.error().Message().c_str());
    return 2;
  }
  return hon::wire::Serve(flags, *backend, *placement, signals);
}
