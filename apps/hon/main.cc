// The program: the demo server, and the way to the benchmark and to the servers beside it.

#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include "bench.h"
#include "demo.h"
#include "echo.h"
#include "flags.h"
#include "hon/engine/engine.h"
#include "hon/http/serve_mux.h"
#include "hon/server/server.h"
#include "hon/server/signals.h"

namespace hon::app {
namespace {

// Levels as the flag names them; what is below the wanted one is not told.
engine::EventHook HookFor(const std::string& level) {
  if (level == "off") return nullptr;
  if (level == "error") {
    return [](const engine::Event& event) {
      if (event.kind == engine::Event::Kind::kPanic) engine::LogToStderr(event);
    };
  }
  if (level == "debug") return engine::LogToStderr;
  // A refused request is the peer's affair, not an operator's.
  return [](const engine::Event& event) {
    if (event.kind != engine::Event::Kind::kBadRequest) engine::LogToStderr(event);
  };
}

int Run(const Flags& flags, const char* program, server::SignalWaiter& signals) {
  http::ServeMux mux;
  RegisterDemo(mux, flags.file.empty() ? program : flags.file);
  RegisterEcho(mux);
  engine::Engine engine(mux, engine::WithRequestTimeout(flags.request_timeout),
                        engine::WithEventHook(HookFor(flags.log_level)));
  server::Server server(engine, server::WithReadTimeout(flags.read_timeout),
                        server::WithWriteTimeout(flags.write_timeout),
                        server::WithKeepAliveTimeout(flags.keep_alive_timeout),
                        server::WithLoops(flags.loops), server::WithBackend(flags.backend));
  if (Error err = server.Listen(flags.address)) {
    std::fprintf(stderr, "hon: %s\n", err.Message().c_str());
    return 1;
  }
  const std::string address = server.Addresses().front();
  const bool is_unix = address.starts_with("unix:");
  std::printf("hon listening on %s%s backend=%s loops=%u\n", is_unix ? "" : "http://",
              address.c_str(), std::string(server.Backend()).c_str(), server.Loops());
  std::fflush(stdout);

  std::thread stopper([&] {
    signals.Wait();
    const auto [grace, cancel] =
        appcontext::WithTimeout(appcontext::Background(), flags.shutdown_timeout);
    if (Error err = server.Shutdown(grace)) {
      std::fprintf(stderr, "hon: requests still ran at the end of the grace: %s\n",
                   err.Message().c_str());
    }
    Error closed = server.Close();
    static_cast<void>(closed);
  });
  const Error end = server.Serve();
  stopper.join();
  if (end.Is(http::ErrServerClosed)) return 0;
  std::fprintf(stderr, "hon: %s\n", end.Message().c_str());
  return 1;
}

}  // namespace
}  // namespace hon::app

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "bench") {
    return hon::app::ExecBench({argv + 2, argv + argc});
  }
  // Before the signals are blocked: another program would inherit that.
  const hon::app::ParsedFlags parsed = hon::app::ParseFlags(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  if (parsed.flags.type != "custom") return hon::app::ExecOtherType(parsed.flags);
  hon::server::SignalWaiter signals;
  return hon::app::Run(parsed.flags, "/proc/self/exe", signals);
}
