// The `hon` program: the demo server, and the front of the benchmark and of the servers beside it.

#include <csignal>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "admin.h"
#include "bench.h"
#include "demo.h"
#include "echo.h"
#include "figures.h"
#include "flags.h"
#include "hon/base/log.h"
#include "hon/engine/engine.h"
#include "hon/http/serve_mux.h"
#include "hon/server/server.h"
#include "hon/server/signals.h"
#include "profile.h"
#include "tls_listener.h"

namespace hon::app {
namespace {

// The levels of the flag; events below the chosen level are not logged.
engine::EventHook HookFor(const std::string& level) {
  if (level == "off") return nullptr;
  if (level == "error") {
    return [](const engine::Event& event) {
      if (event.kind == engine::Event::Kind::kPanic) engine::LogToStderr(event);
    };
  }
  if (level == "debug") return engine::LogToStderr;
  // Refused requests are the peer's fault and are not logged.
  return [](const engine::Event& event) {
    if (event.kind != engine::Event::Kind::kBadRequest) engine::LogToStderr(event);
  };
}

ServerFigures FiguresOf(const server::Server& server) {
  ServerFigures figures;
  figures.backend = server.Backend();
  const server::Stats stats = server.GetStats();
  figures.requests = stats.requests;
  for (const size_t count : stats.loop_connections) {
    figures.connections += count;
    figures.loop_connections.push_back(count);
  }
  return figures;
}

// A server that listens on all addresses is reached as localhost.
std::string BrowserUrl(const std::string& address) {
  for (const std::string_view any : {"[::]:", "0.0.0.0:"}) {
    if (address.starts_with(any)) return "http://localhost:" + address.substr(any.size()) + "/";
  }
  return "http://" + address + "/";
}

int Run(const Flags& flags, const std::vector<std::string>& command_line,
        server::SignalWaiter& signals) {
  http::ServeMux mux;
  Demo demo(mux, flags.file.empty() ? "/proc/self/exe" : flags.file);
  RegisterEcho(mux);
  engine::Engine engine(mux, engine::WithRequestTimeout(flags.request_timeout),
                        engine::WithEventHook(HookFor(flags.log_level)),
                        engine::WithPlacement(flags.placement));
  server::Server server(engine, server::WithReadTimeout(flags.read_timeout),
                        server::WithWriteTimeout(flags.write_timeout),
                        server::WithKeepAliveTimeout(flags.keep_alive_timeout),
                        server::WithLoops(flags.loops), server::WithBackend(flags.backend));
  if (Error err = server.Listen(flags.address)) {
    std::fprintf(stderr, "hon: %s\n", err.Message().c_str());
    return 1;
  }
  const Figures figures([&server] { return FiguresOf(server); }, demo.FiguresStream());
  std::optional<Admin> admin;
  if (!flags.admin.empty()) {
    admin.emplace(command_line, [&figures] { return figures.Json(); });
    // The operators' page is on the network only when the flag has an address.
    const bool port_alone = flags.admin.starts_with(':');
    if (Error err = admin->Listen(port_alone ? "127.0.0.1" + flags.admin : flags.admin)) {
      std::fprintf(stderr, "hon: %s\n", err.Message().c_str());
      return 1;
    }
    std::fprintf(stderr, "hon: operators at http://%s/\n", admin->Address().c_str());
  }
  std::function<Error()> reload = [] { return Error(); };
  if (!flags.tls_address.empty()) {
    if (Error err = ListenTls(server, flags, &reload)) {
      std::fprintf(stderr, "hon: %s\n", err.Message().c_str());
      return 1;
    }
    std::printf("hon listening on https://%s\n", server.Addresses().back().c_str());
  }
  const std::string address = server.Addresses().front();
  const bool is_unix = address.starts_with("unix:");
  std::printf("hon listening on %s%s backend=%s loops=%u\n", is_unix ? "" : "http://",
              address.c_str(), std::string(server.Backend()).c_str(), server.Loops());
  std::fflush(stdout);
  if (!is_unix && flags.log_level != "off") {
    std::fprintf(stderr, "hon: open %s in a browser\n", BrowserUrl(address).c_str());
  }

  std::thread stopper([&] {
    while (signals.Wait() == SIGHUP) {
      if (Error err = reload()) {
        LogLine(LogKind::kOther, "hon: keeping the old certificates: " + err.Message() + "\n");
      }
    }
    const auto [grace, cancel] =
        appcontext::WithTimeout(appcontext::Background(), flags.shutdown_timeout);
    if (Error err = server.Shutdown(grace)) {
      LogLine(LogKind::kOther,
              "hon: requests still ran at the end of the grace period: " + err.Message() + "\n");
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
  // Parsed before the signals are blocked: a program started by exec would inherit the mask.
  const hon::app::ParsedFlags parsed = hon::app::ParseFlags(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  if (parsed.flags.type != "custom") return hon::app::ExecOtherType(parsed.flags);
  if (!parsed.flags.admin.empty()) hon::app::NeedProfiler(argv);
  hon::server::SignalWaiter signals({SIGINT, SIGTERM, SIGHUP});
  return hon::app::Run(parsed.flags, {argv, argv + argc}, signals);
}
