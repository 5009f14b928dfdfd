// The `hon` program: the demo server, and the front of the benchmark and of the servers beside it.

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "admin.h"
#include "apps/ending.h"
#include "bench.h"
#include "demo.h"
#include "echo.h"
#include "figures.h"
#include "flags.h"
#include "hon/base/log.h"
#include "hon/engine/engine.h"
#include "hon/http/serve_mux.h"
#include "hon/server/inherited.h"
#include "hon/server/server.h"
#include "hon/server/signals.h"
#include "hon/server/supervisor.h"
#include "profile.h"
#include "restart.h"
#include "tls_listener.h"

namespace hon::app {
namespace {

// So long after the predecessor's grace its last address is free.
constexpr Duration kPredecessorTime = std::chrono::seconds(5);
constexpr Duration kPredecessorLook = std::chrono::milliseconds(50);
// Handlers that wait have ended so long after Close.
constexpr std::chrono::duration<unsigned> kEndAfter{1};

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
  figures.http2 = stats.http2;
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

// A predecessor that ends still has the operators' address.
Error ListenForOperators(Admin& admin, const Flags& flags, bool succeeds) {
  // The operators' page is on the network only when the flag has an address.
  const bool port_alone = flags.admin.starts_with(':');
  const TimePoint limit = Clock::now() + flags.shutdown_timeout + kPredecessorTime;
  for (;;) {
    Error err = admin.Listen(port_alone ? "127.0.0.1" + flags.admin : flags.admin);
    if (!err || !succeeds || err.SystemCode() != EADDRINUSE || Clock::now() > limit) return err;
    std::this_thread::sleep_for(kPredecessorLook);
  }
}

// Returns when a signal ends the server.
void AwaitEnd(server::Server& server, server::SignalWaiter& signals,
              const std::vector<std::string>& command_line, const std::function<Error()>& reload) {
  const std::string program = OwnProgram();
  for (;;) {
    const int signal = signals.Wait();
    if (signal == SIGHUP) {
      if (Error err = reload()) {
        LogLine(LogKind::kOther, "hon: keeping the old certificates: " + err.Message() + "\n");
      }
    } else if (signal == SIGUSR2) {
      const Error err = Succeed(server, program, command_line);
      if (!err) return;
      LogLine(LogKind::kOther, "hon: goes on without a successor: " + err.Message() + "\n");
    } else {
      static_cast<void>(server::NotifySupervisor("STOPPING=1"));
      return;
    }
  }
}

// Tells the addresses from `first` to `last`: several sockets of systemd may have one name.
void AnnounceFurther(const server::Server& server, size_t first, size_t last, const char* scheme) {
  const std::vector<std::string> addresses = server.Addresses();
  for (size_t i = first; i < last; ++i) {
    const std::string& address = addresses[i];
    std::printf("hon listening on %s%s\n", address.starts_with("unix:") ? "" : scheme,
                address.c_str());
  }
}

void Announce(const server::Server& server, const Flags& flags) {
  const std::string address = server.Addresses().front();
  const bool is_unix = address.starts_with("unix:");
  std::printf("hon listening on %s%s backend=%s loops=%u\n", is_unix ? "" : "http://",
              address.c_str(), std::string(server.Backend()).c_str(), server.Loops());
  std::fflush(stdout);
  if (!is_unix && flags.log_level != "off") {
    std::fprintf(stderr, "hon: open %s in a browser\n", BrowserUrl(address).c_str());
  }
}

void End(server::Server& server, const Flags& flags) {
  const auto [grace, cancel] =
      appcontext::WithTimeout(appcontext::Background(), flags.shutdown_timeout);
  if (Error err = server.Shutdown(grace)) {
    LogLine(LogKind::kOther,
            "hon: requests still ran at the end of the grace period: " + err.Message() + "\n");
    EndProcessAfter(kEndAfter);
  }
  static_cast<void>(server.Close());
}

int Fails(const Error& err) {
  std::fprintf(stderr, "hon: %s\n", err.Message().c_str());
  return 1;
}

int Run(const Flags& flags, const std::vector<std::string>& command_line,
        server::SignalWaiter& signals, const std::shared_ptr<server::InheritedSockets>& inherited) {
  http::ServeMux mux;
  Demo demo(mux, flags.file.empty() ? "/proc/self/exe" : flags.file);
  RegisterEcho(mux);
  engine::Engine engine(mux, engine::WithRequestTimeout(flags.request_timeout),
                        engine::WithEventHook(HookFor(flags.log_level)),
                        engine::WithPlacement(flags.placement));
  server::Server server(engine, server::WithReadTimeout(flags.read_timeout),
                        server::WithWriteTimeout(flags.write_timeout),
                        server::WithKeepAliveTimeout(flags.keep_alive_timeout),
                        server::WithIdleGrace(flags.idle_grace), server::WithLoops(flags.loops),
                        server::WithBackend(flags.backend),
                        server::WithInheritedSockets(inherited));
  if (Error err = server.Listen(flags.address)) {
    return Fails(err);
  }
  const Figures figures([&server] { return FiguresOf(server); }, demo.FiguresStream());
  std::optional<Admin> admin;
  const auto listen_for_operators = [&](bool succeeds) -> Error {
    if (flags.admin.empty()) return {};
    admin.emplace(command_line, [&figures] { return figures.Json(); });
    HON_RETURN_IF_ERROR(ListenForOperators(*admin, flags, succeeds));
    std::fprintf(stderr, "hon: operators at http://%s/\n", admin->Address().c_str());
    return {};
  };
  const bool succeeds = inherited->HasPredecessor();
  if (Error err = succeeds ? Error() : listen_for_operators(false)) {
    return Fails(err);
  }
  const size_t plain = server.Addresses().size();
  std::function<Error()> reload = [] { return Error(); };
  if (!flags.tls_address.empty()) {
    if (Error err = ListenTls(server, flags, &reload)) {
      std::fprintf(stderr, "hon: %s\n", err.Message().c_str());
      return 1;
    }
  }
  AnnounceFurther(server, 1, plain, "http://");
  AnnounceFurther(server, plain, server.Addresses().size(), "https://");
  PidFile pid_file(flags.pid_file);
  if (Error err = pid_file.Write()) {
    return Fails(err);
  }
  Announce(server, flags);
  inherited->TellPredecessor();
  // Half of the watchdog's time: a loop that is held for so long does not come back.
  const Result<server::Heartbeat> heartbeat = server::Heartbeat::Start(
      [&server, limit = server::WatchdogTime() / 2] { return server.HeldFor() < limit; });
  if (!heartbeat) std::fprintf(stderr, "hon: %s\n", heartbeat.error().Message().c_str());
  for (Error err :
       {server::NotifySupervisor("READY=1"), succeeds ? listen_for_operators(true) : Error()}) {
    if (err) std::fprintf(stderr, "hon: %s\n", err.Message().c_str());
  }
  // The loops serve on their threads; this one waits for signals.
  AwaitEnd(server, signals, command_line, reload);
  End(server, flags);
  const Error end = server.Serve();
  if (end.Is(http::ErrServerClosed)) return 0;
  return Fails(end);
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
  const auto inherited = std::make_shared<hon::server::InheritedSockets>(
      hon::server::InheritedSockets::FromEnvironment());
  hon::server::SignalWaiter signals({SIGINT, SIGTERM, SIGHUP, SIGUSR2});
  return hon::app::Run(parsed.flags, {argv, argv + argc}, signals, inherited);
}
