// The conformance program: small endpoints that each show one thing of the contract, for the tests
// over the wire and for the comparison with Go's own server.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include "apps/ending.h"
#include "endpoints.h"
#include "flags.h"
#include "hon/base/log.h"
#include "hon/engine/engine.h"
#include "hon/http/compress.h"
#include "hon/http/serve_mux.h"
#include "hon/server/server.h"
#include "hon/server/signals.h"
#include "upstream.h"

namespace hon::wire {
namespace {

// Handlers that wait have ended so long after Close.
constexpr std::chrono::duration<unsigned> kEndAfter{5};

void Register(http::ServeMux& mux, const Flags& flags) {
  RegisterPlain(mux);
  RegisterStreams(mux);
  RegisterLife(mux);
  RegisterForms(mux);
  RegisterFiles(mux, flags.files);
  RegisterWebSockets(mux);
  RegisterBroadcasts(mux);
  RegisterAnswers(mux);
  RegisterRequests(mux);
  RegisterRoutes(mux);
  RegisterTls(mux);
}

Duration Time(int64_t milliseconds) {
  return milliseconds == 0 ? kUnlimited : Duration(std::chrono::milliseconds(milliseconds));
}

server::Option MemoryBudget(size_t mib) {
  if (mib == 0) return [](server::Options&) {};
  return server::WithMemoryBudget(mib << 20);
}

// Connections without a header are taken too.
server::ProxyProtocol FromLoopback() {
  return {.trusted = {"127.0.0.0/8", "::1"}, .required = false};
}

int Serve(const Flags& flags, server::SignalWaiter& signals) {
  http::ServeMux plain;
  Register(plain, flags);
  http::ServeMux mux;
  Register(mux, flags);
  mux.Mount("/compressed", http::CompressHandler(plain));
  http::Protocols protocols;
  protocols.SetHTTP1(true);
  protocols.SetHTTP2(!flags.tls.no_http2);
  protocols.SetUnencryptedHTTP2(flags.h2c);
  http::HandlerPtr upstream;
  if (!flags.upstream.url.empty()) {
    Result<http::HandlerPtr> made = MakeUpstream(flags.upstream);
    if (!made) {
      std::fprintf(stderr, "hon_wire_server: %s\n", made.error().Message().c_str());
      return 1;
    }
    upstream = std::move(*made);
    if (flags.upstream.at != "/") mux.Mount(flags.upstream.at, std::move(upstream));
  }
  engine::Engine engine(upstream == nullptr ? mux : *upstream,
                        engine::WithRequestTimeout(Time(flags.request_timeout)),
                        engine::WithPlacement(flags.placement),
                        engine::WithMaxWorkers(flags.workers),
                        engine::WithStallTime(Time(flags.stall)));
  server::Server server(engine, server::WithBackend(flags.backend), server::WithLoops(flags.loops),
                        server::WithReadHeaderTimeout(Time(flags.read_header_timeout)),
                        server::WithReadTimeout(Time(flags.read_timeout)),
                        server::WithWriteTimeout(Time(flags.write_timeout)),
                        server::WithKeepAliveTimeout(Time(flags.keep_alive_timeout)),
                        server::WithMaxHeaderBytes(flags.header_bytes),
                        server::WithMaxBodyBytes(flags.body_bytes),
                        server::WithMaxConnections(flags.connections),
                        MemoryBudget(flags.memory_mib), server::WithIdleTrim(Time(flags.idle_trim)),
                        server::WithProtocols(protocols), [&flags](server::Options& options) {
                          if (flags.proxy_protocol) options.proxy_protocol = FromLoopback();
                        });
  if (Error err = server.Listen(flags.address)) {
    std::fprintf(stderr, "hon_wire_server: %s\n", err.Message().c_str());
    return 1;
  }
  std::function<Error()> reload = [] { return Error(); };
  if (!flags.tls.address.empty()) {
    if (Error err = ListenTls(server, flags.tls, &reload)) {
      std::fprintf(stderr, "hon_wire_server: %s\n", err.Message().c_str());
      return 1;
    }
    std::printf("hon_wire_server listening on https://%s\n", server.Addresses().back().c_str());
  }
  const std::string address = server.Addresses().front();
  std::printf("hon_wire_server listening on %s%s backend=%s loops=%u\n",
              address.starts_with("unix:") ? "" : "http://", address.c_str(),
              std::string(server.Backend()).c_str(), server.Loops());
  std::fflush(stdout);

  // The loops serve on their threads; this one waits for signals.
  while (signals.Wait() == SIGHUP) {
    if (Error err = reload()) {
      LogLine(LogKind::kOther,
              "hon_wire_server: keeping the old certificates: " + err.Message() + "\n");
    }
  }
  const auto [grace, cancel] =
      appcontext::WithTimeout(appcontext::Background(), Time(flags.shutdown_timeout));
  if (server.Shutdown(grace)) {
    LogLine(LogKind::kOther, "requests were cut at shutdown\n");
    app::EndProcessAfter(kEndAfter);
  }
  static_cast<void>(server.Close());
  return server.Serve().Is(http::ErrServerClosed) ? 0 : 1;
}

}  // namespace
}  // namespace hon::wire

int main(int argc, char** argv) {
  hon::server::SignalWaiter signals({SIGINT, SIGTERM, SIGHUP});
  const hon::wire::ParsedFlags parsed = hon::wire::ParseFlags(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  return hon::wire::Serve(parsed.flags, signals);
}
