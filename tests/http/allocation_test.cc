// A warm request is parsed, routed and answered without allocating: operator new is counted.

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "hon/http/serve_mux.h"
#include "hon/http/timeout_handler.h"
#include "support/allocation_counter.h"

namespace hon::http {
namespace {

constexpr int kWarmUp = 3;
constexpr int kRounds = 20;

// Allocations of `work` once it has been done a few times.
template <class Work>
size_t AllocationsWarm(Work work) {
  for (int i = 0; i < kWarmUp; ++i) work();
  const size_t before = test::Allocations();
  for (int i = 0; i < kRounds; ++i) work();
  return test::Allocations() - before;
}

void Touch(ResponseWriter&, Request&) {}

TEST(Allocation, TheCounterCounts) {
  EXPECT_GE(AllocationsWarm([] { delete new std::string(100, 'x'); }), size_t{kRounds});
}

/// Takes an answer and drops it.
class Discarder final : public ResponseWriter {
 public:
  http::Header& Header() override { return header_; }
  io::IoResult Write(std::string_view data) override {
    bytes += data.size();
    return {data.size(), {}};
  }
  void WriteHeader(int) override {}
  size_t bytes = 0;

 private:
  http::Header header_;
};

// TimeoutHandler keeps the whole answer until the handler has returned, in a buffer of a pool.
TEST(Allocation, ALargeAnswerInsideOfTimeoutHandlerTakesNoMoreThanASmallOne) {
  int pieces = 1;
  const std::string piece(1024, 'x');
  const HandlerPtr handler = TimeoutHandler(
      [&](ResponseWriter& w, Request&) {
        for (int i = 0; i < pieces; ++i) w.Write(piece);
      },
      std::chrono::hours(1));
  Request r;
  Discarder w;
  const auto serve = [&] { handler->ServeHTTP(w, r); };
  const size_t small = AllocationsWarm(serve);
  pieces = 200;
  EXPECT_EQ(AllocationsWarm(serve), small);
  EXPECT_EQ(w.bytes, (kWarmUp + kRounds) * (1 + 200) * piece.size());
}

TEST(Allocation, RoutingAWarmRequest) {
  ServeMux mux;
  for (const char* pattern :
       {"GET /{$}", "GET /users/{id}", "/files/{path...}", "POST /users/{id}/posts/{post}",
        "example.com/", "GET example.com/h/{x}"}) {
    mux.HandleFunc(pattern, Touch);
  }
  Request r;
  const auto route = [&](std::string_view method, std::string_view target) {
    r.Reset();
    ASSERT_FALSE(url::ParseRequestTarget(target, false, r.URL));
    r.Method = method;
    r.Host = "Example.com:8080";
    r.RequestURI = target;
    ASSERT_NE(mux.Resolve(r).route, nullptr) << target;
    static_cast<void>(r.PathValue("id"));
    static_cast<void>(r.PathValue("path"));
  };
  const struct {
    const char* method;
    const char* target;
  } kRequests[] = {
      {"GET", "/"},
      {"GET", "/users/0123456789012345678901234567890123456789"},
      {"POST", "/users/1/posts/2?a=0123456789012345678901234567890123456789"},
      {"HEAD", "/h/0123456789012345678901234567890123456789"},
      {"GET", "/files/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p"},
      {"GET", "/users/with%20a%20space%20and%20much%20else"},
      {"GET", "/users/with%2Fslashes%2Fand%2Fmuch%2Felse"},
      {"GET", "http://example.com/an/absolute/target/for/a/proxy"},
      {"GET", "/.well-known/and/something/else"},
  };
  for (const auto& request : kRequests) {
    EXPECT_EQ(AllocationsWarm([&] { route(request.method, request.target); }), 0U)
        << request.target;
  }
}

TEST(Allocation, SettingFieldsOfAWarmHeader) {
  Header header;
  EXPECT_EQ(AllocationsWarm([&] {
              header.Reset();
              header.Set("Content-Type", "text/plain; charset=utf-8");
              header.Set("X-Request-Id", "0123456789abcdef0123456789abcdef");
              header.Add("Set-Cookie", "a=1");
              header.Add("Set-Cookie", "b=2");
              header.Set("Content-Type", "application/json");
              header.Del("Set-Cookie");
              header.Suppress("Date");
            }),
            0U);
}

}  // namespace
}  // namespace hon::http
