// Endpoints that take time, fail, or watch their client leave.

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "endpoints.h"
#include "hon/fiber/fiber.h"
#include "hon/http/reply.h"
#include "hon/http/timeout_handler.h"
#include "numbers.h"

namespace hon::wire {
namespace {

constexpr int64_t kMillisecondsMax = 60'000;

std::optional<std::chrono::milliseconds> TimeIn(http::ResponseWriter& w, const http::Request& r) {
  const auto ms = NumberIn(r, "ms", 0, kMillisecondsMax);
  if (!ms) {
    http::ReplyError(w, "how many milliseconds?", 400);
    return std::nullopt;
  }
  return std::chrono::milliseconds(*ms);
}

void Done(http::ResponseWriter& w, std::string_view what) {
  w.Header().Set("Content-Type", "text/plain; charset=utf-8");
  w.Write(what);
}

void Sleep(http::ResponseWriter& w, http::Request& r) {
  const auto time = TimeIn(w, r);
  if (!time || fiber::Sleep(r.Context(), *time)) return;
  Done(w, "slept\n");
}

// Reads the whole body before it waits and answers.
void SlowEcho(http::ResponseWriter& w, http::Request& r) {
  const auto time = TimeIn(w, r);
  if (!time) return;
  const Result<std::string> body = r.Body.ReadAll();
  if (!body || fiber::Sleep(r.Context(), *time)) return;
  Done(w, "read " + *body + "\n");
}

void Block(http::ResponseWriter& w, http::Request& r) {
  const auto time = TimeIn(w, r);
  if (!time) return;
  std::this_thread::sleep_for(*time);
  Done(w, "blocked\n");
}

void Spin(http::ResponseWriter& w, http::Request& r) {
  const auto time = TimeIn(w, r);
  if (!time) return;
  const TimePoint end = Clock::now() + *time;
  while (Clock::now() < end) {
  }
  Done(w, "spun\n");
}

void Panic(http::ResponseWriter&, http::Request&) { throw std::runtime_error("as asked"); }

// Counts of the handlers of "/until-gone"; read by "/gone" from any loop.
struct Gone {
  std::atomic<int64_t> waiting{0};
  std::atomic<int64_t> ended{0};
  std::atomic<int64_t> last_ns{0};  // end of the last context, on the monotonic clock
};

// Waits for the end of its context: with "?read" after reading the body, with "?write" while
// writing to a client that may not read.
void UntilGone(Gone& gone, http::ResponseWriter& w, http::Request& r) {
  if (r.URL.RawQuery == "read") {
    const Result<std::string> body = r.Body.ReadAll();
    if (!body) return;
  }
  gone.waiting.fetch_add(1);
  if (r.URL.RawQuery == "write") {
    while (!w.Write("0123456789abcdef").err) {
    }
  } else {
    const Error cause = fiber::Wait(r.Context());
    static_cast<void>(cause);
  }
  gone.last_ns.store(Clock::now().time_since_epoch().count());
  gone.waiting.fetch_sub(1);
  gone.ended.fetch_add(1);
}

void TellGone(const Gone& gone, http::ResponseWriter& w) {
  Done(w, "waiting " + std::to_string(gone.waiting.load()) + "\nended " +
              std::to_string(gone.ended.load()) + "\nlast_ns " +
              std::to_string(gone.last_ns.load()) + "\n");
}

}  // namespace

void RegisterLife(http::ServeMux& mux) {
  mux.HandleFunc("GET /sleep/{ms}", Sleep);
  mux.HandleFunc("/slow-echo/{ms}", SlowEcho);
  mux.HandleFunc("GET /block/{ms}", Block);
  mux.HandleFunc("GET /spin/{ms}", Spin);
  mux.Handle("GET /timeout/{ms}",
             http::TimeoutHandler(std::make_shared<http::HandlerFunc>(Sleep),
                                  std::chrono::milliseconds(200), "too late\n"));
  mux.HandleFunc("/panic", Panic);
  const auto gone = std::make_shared<Gone>();
  mux.HandleFunc("/until-gone",
                 [gone](http::ResponseWriter& w, http::Request& r) { UntilGone(*gone, w, r); });
  mux.HandleFunc("/gone", [gone](http::ResponseWriter& w, http::Request&) { TellGone(*gone, w); });
}

}  // namespace hon::wire
