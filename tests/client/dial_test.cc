// The addresses of a name, and requests that are cancelled while they wait.

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/counting_server.h"
#include "hon/client/trace.h"
#include "hon/client/transport.h"
#include "hon/http/client.h"
#include "hon/http/client_error.h"
#include "support/eventually.h"
#include "support/scripted_server.h"
#include "support/wire_peer.h"

namespace hon::client {
namespace {

using test::CountingServer;
using test::OnFiber;
using test::ScriptedConn;
using test::ScriptedServer;

/// A request to a name with several addresses.
struct NamedRequest {
  std::vector<std::string> addresses;
  std::string port;  // with its colon
  std::vector<std::string> tried = {};
  std::string text = {};  // of the answer, or of the error

  void Run() {
    TransportOptions options;
    options.LookupHost = [this](const std::string&) -> Result<std::vector<std::string>> {
      return addresses;
    };
    OnFiber([&] {
      http::Client client{.Transport = std::make_shared<Transport>(std::move(options))};
      auto trace = std::make_shared<ClientTrace>();
      trace->ConnectStart = [this](std::string_view address) { tried.emplace_back(address); };
      http::Request request = *http::NewRequestWithContext(WithClientTrace({}, trace), "GET",
                                                           "http://some.test" + port + "/");
      Result<http::Response> answer = client.Do(request);
      text = answer ? answer->Body.ReadAll().value_or("?") : answer.error().Message();
      client.CloseIdleConnections();
    });
  }
};

std::string PortOf(const std::string& url) {
  const size_t colon = url.rfind(':');
  return url.substr(colon, url.find('/', colon) - colon);
}

TEST(Addresses, ARefusalIsFollowedByTheNextAtOnce) {  // T62
  CountingServer server;
  NamedRequest request{.addresses = {"127.0.0.2", "127.0.0.3", "127.0.0.1"},
                       .port = PortOf(server.Url())};
  request.Run();
  EXPECT_EQ(request.text, "1");
  EXPECT_EQ(request.tried,
            (std::vector<std::string>{"127.0.0.2" + request.port, "127.0.0.3" + request.port,
                                      "127.0.0.1" + request.port}));
}

TEST(Addresses, ASilentOneIsOvertaken) {  // T62, RFC 8305 §5
  CountingServer server;
  NamedRequest request{.addresses = {"127.0.0.2", "127.0.0.1"}, .port = PortOf(server.Url())};
  // A listener with a full queue answers no further connection.
  const int silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<uint16_t>(std::stoi(request.port.substr(1))));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
  ASSERT_EQ(::bind(silent, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(::listen(silent, 0), 0);
  std::array<int, 4> fillers{};
  for (int& one : fillers) {
    one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    static_cast<void>(::connect(one, reinterpret_cast<const sockaddr*>(&at), sizeof at));
  }
  const TimePoint began = Clock::now();
  request.Run();
  EXPECT_GE(Clock::now() - began, kNextAddressDelay);
  for (const int one : fillers) ::close(one);
  ::close(silent);
  EXPECT_EQ(request.text, "1");
  EXPECT_EQ(request.tried.size(), 2U);
}

TEST(Addresses, TheErrorIsThatOfTheFirst) {  // T62
  NamedRequest request{.addresses = {"127.0.0.2", "127.0.0.3"}, .port = ":1"};
  request.Run();
  EXPECT_NE(request.text.find("dial tcp 127.0.0.2:1: connect: connection refused"),
            std::string::npos)
      << request.text;
  EXPECT_EQ(request.tried.size(), 2U);
}

TEST(Addresses, TheNumberThatIsTriedIsLimited) {
  for (const size_t over : {0U, 1U}) {
    NamedRequest request{.addresses = {}, .port = ":1"};
    for (size_t i = 0; i < kAddressesTriedMax + over; ++i) {
      request.addresses.push_back("127.0.1." + std::to_string(i + 1));
    }
    request.Run();
    EXPECT_EQ(request.tried.size(), kAddressesTriedMax);
  }
}

TEST(Cancelling, EndsAWaitForAConnection) {  // T33, T41
  CountingServer server;
  TransportOptions options;
  options.MaxConnsPerHost = 1;
  http::Client client{.Transport = std::make_shared<Transport>(std::move(options))};
  OnFiber([&] {
    Result<http::Response> held = client.Get(server.Url());
    ASSERT_TRUE(held);
    for (const bool by_time : {false, true}) {
      const auto limited = by_time ? appcontext::WithTimeout({}, std::chrono::milliseconds(20))
                                   : appcontext::WithCancel({});
      if (!by_time) fiber::Go([cancel = limited.cancel] { cancel(); });
      http::Request request = *http::NewRequestWithContext(limited.context, "GET", server.Url());
      const Error why = client.Do(request).error();
      EXPECT_EQ(http::KindOf(why), by_time ? http::ErrorKind::kTimeout : http::ErrorKind::kCanceled)
          << why.Message();
    }
    EXPECT_EQ(held->Body.ReadAll().value_or("?"), "1");
    EXPECT_EQ(client.Get(server.Url())->Body.ReadAll().value_or("?"), "1") << "no slot is lost";
    client.CloseIdleConnections();
  });
  EXPECT_EQ(server.Connections(), 1);
}

TEST(Cancelling, EndsABodyAndItsConnection) {  // T41
  const ScriptedServer server([](ScriptedConn& conn) {
    static_cast<void>(conn.ReadHead());
    conn.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    EXPECT_TRUE(conn.PeerEnds());
  });
  OnFiber([&] {
    http::Client client{.Transport = std::make_shared<Transport>()};
    const auto limited = appcontext::WithCancel({});
    http::Request request =
        *http::NewRequestWithContext(limited.context, "GET", server.Url() + "/");
    Result<http::Response> answer = client.Do(request);
    ASSERT_TRUE(answer);
    fiber::Go([cancel = limited.cancel] { cancel(); });
    const Result<std::string> body = answer->Body.ReadAll();
    ASSERT_FALSE(body);
    EXPECT_EQ(http::KindOf(body.error()), http::ErrorKind::kCanceled) << body.error().Message();
  });
}

}  // namespace
}  // namespace hon::client
