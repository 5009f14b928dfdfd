// hon --type beast: the program's mux and handlers on Boost.Beast in place of this project's
// server. Shows that a handler needs nothing but the contract. Handlers are synchronous and there
// are no fibers here, so each connection has a thread; connections that a handler has taken over
// and made evented (WebSockets) share one.

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "apps/hon/demo.h"
#include "apps/hon/echo.h"
#include "apps/hon/flags.h"
#include "bench/beast/session.h"
#include "hon/http/serve_mux.h"

namespace hon::beast {
namespace {

constexpr int kConnectionsMax = 10'000;

// The endpoint that "[HOST]:PORT" names; no host: every address.
Result<tcp::endpoint> ParseAddress(boost::asio::io_context& context, const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || text.starts_with("unix:")) {
    return Fail(Error::New("--type beast listens on [HOST]:PORT only"));
  }
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  bb::error_code problem;
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(host.empty() ? "0.0.0.0" : host, text.substr(colon + 1),
                                      tcp::resolver::passive, problem);
  if (problem || found.empty()) return Fail(Error::New(text + ": " + problem.message()));
  return found.begin()->endpoint();
}

void Accept(tcp::acceptor& acceptor, http::Handler& handler, const Timeouts& timeouts) {
  static std::atomic<int> live{0};
  for (;;) {
    bb::error_code problem;
    tcp::endpoint peer;
    tcp::socket socket = acceptor.accept(peer, problem);
    if (problem) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));  // probably out of descriptors
      continue;
    }
    ++live;
    const std::shared_ptr<void> slot(nullptr, [](void*) { --live; });
    if (live > kConnectionsMax) continue;
    std::thread([stream = Stream(std::move(socket), timeouts.write, slot), text = AddressText(peer),
                 &handler, timeouts]() mutable {
      try {
        ServeConn(std::move(stream), text, handler, timeouts);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "hon_beast: %s\n", error.what());
      }
    }).detach();
  }
}

int Run(const app::Flags& flags) {
  std::signal(SIGPIPE, SIG_IGN);
  http::ServeMux mux;
  app::Demo demo(mux, flags.file.empty() ? "/proc/self/exe" : flags.file);
  app::RegisterEcho(mux);
  boost::asio::io_context context;
  const Result<tcp::endpoint> endpoint = ParseAddress(context, flags.address);
  if (!endpoint) {
    std::fprintf(stderr, "hon_beast: %s\n", endpoint.error().Message().c_str());
    return 1;
  }
  tcp::acceptor acceptor(context, *endpoint);
  std::printf("hon_beast listening on http://%s\n", AddressText(acceptor.local_endpoint()).c_str());
  std::fflush(stdout);
  const auto work = boost::asio::make_work_guard(context);
  std::thread([&context] { context.run(); }).detach();  // serves the evented connections
  Accept(acceptor, mux,
         {.read = flags.read_timeout,
          .write = flags.write_timeout,
          .keep_alive = flags.keep_alive_timeout});
  return 0;
}

}  // namespace
}  // namespace hon::beast

int main(int argc, char** argv) {
  const hon::app::ParsedFlags parsed = hon::app::ParseFlags(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  try {
    return hon::beast::Run(parsed.flags);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hon_beast: %s\n", error.what());
    return 1;
  }
}
