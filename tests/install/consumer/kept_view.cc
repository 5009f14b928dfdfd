// A server whose handlers keep views that have ended, for a program that is built with
// AddressSanitizer while the library is not. Usage: kept_view ADDRESS epoll|io_uring

#include <hon/fiber/fiber.h>
#include <hon/http/serve_mux.h>
#include <hon/server/server.h>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

std::string_view kept;
const hon::http::Request* kept_request = nullptr;

size_t Sum(std::string_view text) {
  size_t sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  return sum;
}

// A frame with redzones around its array, which an exception leaves early.
[[gnu::noinline]] size_t Throw(size_t depth) {
  volatile char frame[64] = {};
  frame[depth % sizeof frame] = 1;
  if (depth == 0) throw std::runtime_error("on purpose");
  return Throw(depth - 1) + static_cast<size_t>(frame[0]);
}

}  // namespace

int main(int, char** argv) {
  hon::http::ServeMux mux;
  mux.HandleFunc("/field", [](hon::http::ResponseWriter& w, hon::http::Request& r) {
    kept = r.Header.Get("X-Field");
    w.Write("kept");
  });
  mux.HandleFunc("/path/{value}", [](hon::http::ResponseWriter& w, hon::http::Request& r) {
    kept = r.PathValue("value");
    w.Write("kept");
  });
  mux.HandleFunc("/request", [](hon::http::ResponseWriter& w, hon::http::Request& r) {
    kept_request = &r;
    w.Write("kept");
  });
  mux.HandleFunc("/late", [](hon::http::ResponseWriter& w, hon::http::Request&) {
    w.Write(std::to_string(Sum(kept)));
  });
  mux.HandleFunc("/late_request", [](hon::http::ResponseWriter& w, hon::http::Request&) {
    w.Write(std::to_string(Sum(kept_request->Method)));
  });
  // Allowed uses: waits, exceptions and a body.
  mux.HandleFunc("/throw", [](hon::http::ResponseWriter& w, hon::http::Request&) {
    static_cast<void>(hon::fiber::Sleep(std::chrono::milliseconds(1)));
    w.Write(std::to_string(Throw(40)));
  });
  mux.HandleFunc("/echo/{value}", [](hon::http::ResponseWriter& w, hon::http::Request& r) {
    try {
      static_cast<void>(Throw(20));
    } catch (const std::runtime_error&) {
      static_cast<void>(hon::fiber::Sleep(std::chrono::milliseconds(1)));
    }
    const auto body = r.Body.ReadAll(1 << 20);
    if (body) w.Write(std::string(r.PathValue("value")) + *body);
  });
  hon::engine::Engine engine(mux);
  const bool epoll = argv[2] == std::string_view("epoll");
  hon::server::Server server(engine, hon::server::WithLoops(2),
                             hon::server::WithBackend(epoll ? hon::netpoll::BackendKind::kEpoll
                                                            : hon::netpoll::BackendKind::kIoUring));
  const hon::Error err = server.Serve(argv[1]);
  std::fprintf(stderr, "%s\n", err.Message().c_str());
  return 1;
}
