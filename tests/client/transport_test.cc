#include "hon/client/transport.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "client/counting_server.h"
#include "hon/client/trace.h"
#include "hon/fiber/fiber.h"
#include "hon/http/client.h"
#include "hon/http/replay.h"
#include "support/eventually.h"

namespace hon::client {
namespace {

using test::CountingServer;
using test::OnFiber;

std::string Ask(http::Client& client, const std::string& url) {
  Result<http::Response> answer = client.Get(url);
  if (!answer) return answer.error().Message();
  return answer->Body.ReadAll().value_or("unreadable");
}

TEST(Transport, ThreadsShareTheConnectionsOfOneLoop) {
  CountingServer server;
  auto transport = std::make_shared<Transport>();
  http::Client client{.Transport = transport};
  EXPECT_EQ(Ask(client, server.Url()), "1");
  EXPECT_EQ(Ask(client, server.Url()), "1");
  std::thread([&] { EXPECT_EQ(Ask(client, server.Url()), "1"); }).join();
  EXPECT_EQ(transport->IdleConnections(), 1U);
  client.CloseIdleConnections();
  EXPECT_TRUE(test::Eventually([&] { return transport->IdleConnections() == 0; }));
  EXPECT_TRUE(test::Eventually([&] { return server.Open() == 0; }));
  EXPECT_EQ(Ask(client, server.Url()), "2");
}

TEST(Transport, FibersHaveTheConnectionsOfTheirLoop) {
  CountingServer server;
  auto transport = std::make_shared<Transport>();
  http::Client client{.Transport = transport};
  OnFiber([&] {
    EXPECT_EQ(Ask(client, server.Url()), "1");
    EXPECT_EQ(Ask(client, server.Url()), "1");
  });
  EXPECT_EQ(transport->IdleConnections(), 0U) << "connections end with their loop";
  OnFiber([&] { EXPECT_EQ(Ask(client, server.Url()), "2"); });
  EXPECT_EQ(Ask(client, server.Url()), "3");
}

TEST(Transport, EndsBeforeItsAnswers) {
  CountingServer server;
  auto transport = std::make_shared<Transport>();
  Result<http::Response> answer = http::Client{.Transport = transport}.Get(server.Url());
  ASSERT_TRUE(answer);
  transport.reset();
  EXPECT_EQ(answer->Body.ReadAll(), "1");
  answer = http::Response();
  EXPECT_TRUE(test::Eventually([&] { return server.Open() == 0; }));
}

TEST(Transport, AThreadsBodyIsReadByTheThread) {
  class OwnThread final : public io::Reader {
   public:
    io::IoResult Read(std::span<char> into) override {
      EXPECT_EQ(std::this_thread::get_id(), thread_);
      if (left_ == 0) return {0, io::ErrEof};
      const size_t n = std::min(into.size(), left_);
      std::fill_n(into.begin(), n, 'x');
      left_ -= n;
      return {n, {}};
    }

   private:
    std::thread::id thread_ = std::this_thread::get_id();
    size_t left_ = 300'000;
  };
  CountingServer server;
  http::Client client{.Transport = std::make_shared<Transport>()};
  Result<http::Response> answer = client.Post(
      server.Url(), "text/plain", http::ReaderBody(std::make_shared<OwnThread>(), 300'000));
  ASSERT_TRUE(answer) << answer.error().Message();
  EXPECT_EQ(answer->Body.ReadAll(), "1");
}

TEST(Transport, ACallbackOfALoopMayNotBlockIt) {
  auto loop = netpoll::Loop::Create({});
  ASSERT_TRUE(loop);
  Transport transport;
  Error err;
  (*loop)->Post([&] {
    http::Request request = *http::NewRequest("GET", "http://127.0.0.1:1/");
    err = transport.RoundTrip(request).error();
  });
  (*loop)->Turn({});
  (*loop)->Turn({});
  EXPECT_TRUE(err);
}

TEST(Transport, CancellingEndsARequestInEachPhase) {
  CountingServer server;
  http::Client client{.Transport = std::make_shared<Transport>()};
  for (const bool before : {true, false}) {
    auto [context, cancel] = appcontext::WithCancel({});
    if (before) cancel();
    auto trace = std::make_shared<ClientTrace>();
    trace->WroteHeaders = [&, stop = cancel](std::string_view) { stop(); };
    Result<http::Request> request =
        http::NewRequestWithContext(WithClientTrace(context, trace), "GET", server.Url());
    const Error err = client.Do(*request).error();
    EXPECT_EQ(http::KindOf(err), http::ErrorKind::kCanceled) << err.Message();
    EXPECT_TRUE(test::Eventually([&] { return server.Open() == 0; }));
  }
}

TEST(Transport, HasALimitForEveryWait) {
  const TransportOptions options;
  EXPECT_EQ(options.ResponseHeaderTimeout, std::chrono::seconds(60));
  EXPECT_LT(options.DialTimeout, kUnlimited);
  EXPECT_LT(options.TLSHandshakeTimeout, kUnlimited);
  EXPECT_LT(options.IdleConnTimeout, kUnlimited);
  CountingServer server;
  auto transport = std::make_shared<Transport>();
  http::Client client{.Transport = transport};
  std::vector<Result<http::Response>> held;
  for (int i = 0; i < 3; ++i) held.push_back(client.Get(server.Url()));
  held.clear();
  EXPECT_EQ(transport->IdleConnections(), 3U);
}

}  // namespace
}  // namespace hon::client
