// The options of a Transport that decide which connections are made and kept.

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "client/counting_server.h"
#include "hon/client/transport.h"
#include "hon/fiber/conn.h"
#include "hon/http/client.h"
#include "hon/http/file_transport.h"
#include "support/eventually.h"
#include "support/loopback_listener.h"
#include "support/scripted_server.h"
#include "support/wire_peer.h"

namespace hon::client {
namespace {

using test::CountingServer;
using test::OnFiber;

std::string BodyOf(http::Client& client, const std::string& url) {
  Result<http::Response> answer = client.Get(url);
  if (!answer) return answer.error().Message();
  return answer->Body.ReadAll().value_or("unreadable");
}

TEST(TransportOptions, TheProgramMakesTheConnections) {  // C9
  CountingServer server;
  const std::string address = server.Url().substr(7, server.Url().size() - 8);
  TransportOptions options;
  std::string asked;
  options.DialContext = [&](const appcontext::Context&,
                            std::string_view to) -> Result<std::unique_ptr<io::Conn>> {
    asked = to;
    if (to.starts_with("none")) return nullptr;
    return fiber::Dial(address, std::chrono::seconds(20));
  };
  http::Client client{.Transport = std::make_shared<Transport>(options)};
  OnFiber([&] {
    EXPECT_EQ(BodyOf(client, "http://some.test/"), "1");
    EXPECT_EQ(asked, "some.test:80");
    EXPECT_EQ(BodyOf(client, "http://some.test/"), "1") << "and they are kept";
    const Result<http::Response> none = client.Get("http://none.test/");
    ASSERT_FALSE(none);
    EXPECT_EQ(http::KindOf(none.error()), http::ErrorKind::kDial) << none.error().Message();
    client.CloseIdleConnections();
  });
}

TEST(TransportOptions, AnotherProtocolIsRegistered) {  // C16
  const auto transport = std::make_shared<Transport>();
  transport->RegisterProtocol("file", http::NewFileTransport(http::MapFS().Add("a", "text")));
  http::Client client{.Transport = transport};
  EXPECT_EQ(BodyOf(client, "file:///a"), "text");
  try {
    transport->RegisterProtocol("file", nullptr);
    ADD_FAILURE() << "registered twice";
  } catch (const std::invalid_argument& refusal) {
    EXPECT_EQ(std::string(refusal.what()), "protocol file already registered");
  }
  const Result<http::Response> other = client.Get("gopher:///a");
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().Message().find("unsupported protocol scheme \"gopher\""),
            std::string::npos);
}

TEST(TransportOptions, ARegisteredProtocolMaySkip) {  // C16
  CountingServer server;
  const auto transport = std::make_shared<Transport>();
  std::atomic<int> calls{0};
  transport->RegisterProtocol("http", std::make_shared<http::RoundTripperFunc>(
                                          [&calls](http::Request& r) -> Result<http::Response> {
                                            ++calls;
                                            if (r.URL.Path == "/") return Fail(ErrSkipAltProtocol);
                                            return Fail(Error::New("alternative"));
                                          }));
  http::Client client{.Transport = transport};
  EXPECT_EQ(BodyOf(client, server.Url()), "1");
  EXPECT_NE(BodyOf(client, server.Url() + "other").find("alternative"), std::string::npos);
  EXPECT_EQ(calls, 2);
}

TEST(TransportOptions, ConnectionsHaveALifetime) {  // G65
  CountingServer server;
  TransportOptions options;
  options.MaxConnLifetime = std::chrono::nanoseconds(1);
  const auto transport = std::make_shared<Transport>(options);
  http::Client client{.Transport = transport};
  EXPECT_EQ(BodyOf(client, server.Url()), "1");
  EXPECT_EQ(BodyOf(client, server.Url()), "2");
  EXPECT_EQ(transport->IdleConnections(), 0U);
  options.MaxConnLifetime = std::chrono::hours(1);
  http::Client patient{.Transport = std::make_shared<Transport>(options)};
  EXPECT_EQ(BodyOf(patient, server.Url()), "3");
  EXPECT_EQ(BodyOf(patient, server.Url()), "3");
}

TEST(TransportOptions, AnIdleConnectionEndsWithItsLifetime) {  // G65
  CountingServer server;
  TransportOptions options;
  options.MaxConnLifetime = std::chrono::milliseconds(50);
  const auto transport = std::make_shared<Transport>(options);
  http::Client client{.Transport = transport};
  EXPECT_EQ(BodyOf(client, server.Url()), "1");
  EXPECT_TRUE(test::Eventually([&] { return server.Open() == 0; }));
  EXPECT_EQ(transport->IdleConnections(), 0U);
}

TEST(TransportOptions, ClosingIdleConnectionsLastsUntilTheNextRequest) {  // C16
  CountingServer server;
  const auto transport = std::make_shared<Transport>();
  http::Client client{.Transport = transport};
  {
    Result<http::Response> pending = client.Get(server.Url());
    ASSERT_TRUE(pending);
    transport->CloseIdleConnections();
    EXPECT_EQ(pending->Body.ReadAll().value_or("?"), "1");
  }
  EXPECT_TRUE(test::Eventually([&] { return server.Open() == 0; })) << "became idle, and was kept";
  EXPECT_EQ(BodyOf(client, server.Url()), "2");
  EXPECT_EQ(BodyOf(client, server.Url()), "2");
}

TEST(IdleConnections, TheOneUsedLastComesFirst) {  // T29
  CountingServer server;
  http::Client client{.Transport = std::make_shared<Transport>()};
  OnFiber([&] {
    Result<http::Response> first = client.Get(server.Url());
    Result<http::Response> second = client.Get(server.Url());
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->Body.ReadAll().value_or("?"), "1");
    EXPECT_EQ(second->Body.ReadAll().value_or("?"), "2");
    EXPECT_EQ(BodyOf(client, server.Url()), "2");
    EXPECT_EQ(BodyOf(client, server.Url()), "2");
    client.CloseIdleConnections();
  });
}

// A loop that a handler holds learns of received bytes, and of the server's end, only afterwards. A
// request that is made meanwhile neither reads these bytes as its answer nor fails for that end.
TEST(IdleConnections, OneWithInputThatItsLoopHasNotSeenServesNoRequest) {
  for (const bool forges : {true, false}) {
    SCOPED_TRACE(forges ? "an answer to no request" : "the end of the connection");
    std::atomic<int> connections{0};
    std::atomic<bool> held{false};
    std::atomic<bool> delivered{false};
    const test::ScriptedServer server([&](test::ScriptedConn& conn) {
      const int number = ++connections;
      conn.ReadHead();
      conn.Send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::to_string(number));
      if (number == 1) {
        while (!held) std::this_thread::yield();
        if (forges) conn.Send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
        if (!forges) conn.EndSending();
        conn.AwaitDelivery();
        delivered = true;
      }
      conn.PeerEnds();
    });
    http::Client client{.Transport = std::make_shared<Transport>()};
    OnFiber([&] {
      EXPECT_EQ(BodyOf(client, server.Url()), "1");
      held = true;
      while (!delivered) std::this_thread::yield();
      Result<http::Response> answer =
          client.Post(server.Url(), "text/plain", http::Body::FromString("not to be repeated"));
      ASSERT_TRUE(answer) << answer.error().Message();
      EXPECT_EQ(answer->Body.ReadAll().value(), "2");
      client.CloseIdleConnections();
    });
  }
}

TEST(IdleConnections, PastTheLimitOfItsHostAConnectionIsClosed) {  // T29
  CountingServer server;
  TransportOptions options;
  options.MaxIdleConnsPerHost = 1;
  const auto transport = std::make_shared<Transport>(options);
  http::Client client{.Transport = transport};
  OnFiber([&] {
    Result<http::Response> first = client.Get(server.Url());
    Result<http::Response> second = client.Get(server.Url());
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->Body.ReadAll().value_or("?"), "1");
    EXPECT_EQ(transport->IdleConnections(), 1U);
    EXPECT_EQ(second->Body.ReadAll().value_or("?"), "2");
    EXPECT_EQ(transport->IdleConnections(), 1U);
    EXPECT_EQ(BodyOf(client, server.Url()), "1") << "the first is kept, the second is not";
    client.CloseIdleConnections();
  });
  EXPECT_EQ(server.Connections(), 2);
}

TEST(IdleConnections, PastTheLimitOfAllHostsTheOneUsedLongestAgoIsClosed) {  // T29
  CountingServer server;
  const std::string port = server.Url().substr(server.Url().rfind(':'));
  TransportOptions options;
  options.MaxIdleConns = 2;
  options.LookupHost = [](const std::string&) -> Result<std::vector<std::string>> {
    return std::vector<std::string>{"127.0.0.1"};
  };
  const auto transport = std::make_shared<Transport>(options);
  http::Client client{.Transport = transport};
  OnFiber([&] {
    EXPECT_EQ(BodyOf(client, "http://a.test" + port), "1");
    EXPECT_EQ(BodyOf(client, "http://b.test" + port), "2");
    EXPECT_EQ(BodyOf(client, "http://a.test" + port), "1") << "b is the oldest now";
    EXPECT_EQ(BodyOf(client, "http://c.test" + port), "3");
    EXPECT_EQ(transport->IdleConnections(), 2U);
    EXPECT_EQ(BodyOf(client, "http://a.test" + port), "1");
    EXPECT_EQ(BodyOf(client, "http://b.test" + port), "4");
    client.CloseIdleConnections();
  });
}

TEST(TransportOptions, NamesAreLookedUpByTheProgram) {
  CountingServer server;
  const std::string port = server.Url().substr(server.Url().rfind(':'));
  TransportOptions options;
  std::atomic<int> asked{0};
  options.LookupHost = [&asked](const std::string& host) -> Result<std::vector<std::string>> {
    ++asked;
    if (host == "empty.test") return std::vector<std::string>();
    if (host != "some.test") return Fail(Error::New("unknown here"));
    return std::vector<std::string>{"127.0.0.1"};
  };
  options.DisableKeepAlives = true;
  http::Client client{.Transport = std::make_shared<Transport>(options)};
  EXPECT_EQ(BodyOf(client, "http://some.test" + port), "1");
  EXPECT_EQ(BodyOf(client, "http://some.test" + port), "2");
  EXPECT_EQ(asked, 2) << "no cache by default";
  EXPECT_NE(BodyOf(client, "http://other.test" + port).find("lookup other.test: unknown here"),
            std::string::npos);
  EXPECT_NE(BodyOf(client, "http://empty.test" + port).find("no addresses"), std::string::npos);
}

TEST(TransportOptions, AddressesOfNamesAreKept) {  // G65
  CountingServer server;
  const std::string port = server.Url().substr(server.Url().rfind(':'));
  TransportOptions options;
  std::atomic<int> asked{0};
  options.LookupHost = [&asked](const std::string& host) -> Result<std::vector<std::string>> {
    ++asked;
    if (host == "bad.test") return Fail(Error::New("unknown here"));
    return std::vector<std::string>{"127.0.0.1"};
  };
  options.DisableKeepAlives = true;
  options.NameCacheTime = std::chrono::hours(1);
  http::Client client{.Transport = std::make_shared<Transport>(options)};
  for (int i = 0; i < 3; ++i) EXPECT_NE(BodyOf(client, "http://some.test" + port), "");
  EXPECT_EQ(asked, 1);
  for (int i = 0; i < 2; ++i) BodyOf(client, "http://bad.test" + port);
  EXPECT_EQ(asked, 3) << "failures are not kept";
  options.NameCacheTime = std::chrono::nanoseconds(1);
  http::Client forgetful{.Transport = std::make_shared<Transport>(options)};
  for (int i = 0; i < 2; ++i) BodyOf(forgetful, "http://some.test" + port);
  EXPECT_EQ(asked, 5);
}

TEST(TransportOptions, TheNamesKeptAreLimited) {
  std::atomic<int> asked{0};
  TransportOptions options;
  options.LookupHost = [&asked](const std::string&) -> Result<std::vector<std::string>> {
    ++asked;
    return std::vector<std::string>{"127.0.0.1"};
  };
  options.NameCacheTime = std::chrono::hours(1);
  http::Client client{.Transport = std::make_shared<Transport>(options)};
  const auto ask = [&client](size_t i) {
    static_cast<void>(client.Get("http://n" + std::to_string(i) + ".test:1/"));  // refused
  };
  for (size_t i = 0; i < kNamesCachedMax; ++i) ask(i);
  for (size_t i = 0; i < kNamesCachedMax; ++i) ask(i);
  EXPECT_EQ(asked, static_cast<int>(kNamesCachedMax)) << "N names fit";
  ask(kNamesCachedMax);
  ask(0);
  EXPECT_EQ(asked, static_cast<int>(kNamesCachedMax + 2)) << "name N+1 displaces the oldest";
}

// While a request dials, a connection to the same server becomes idle.
TEST(TransportOptions, ARequestWaitsForItsOwnDial) {  // T32
  CountingServer server;
  const std::string address = server.Url().substr(7, server.Url().size() - 8);
  TransportOptions options;
  Result<http::Response> first;
  bool in_use = false;
  size_t idle = 0;
  http::Client client;
  options.DialContext = [&](const appcontext::Context&,
                            std::string_view) -> Result<std::unique_ptr<io::Conn>> {
    if (in_use) {
      EXPECT_EQ(first->Body.ReadAll().value_or("?"), "1");
      idle = static_cast<Transport&>(*client.Transport).IdleConnections();
      // The request would be answered in this time.
      EXPECT_FALSE(fiber::Sleep(std::chrono::milliseconds(50)));
    }
    return fiber::Dial(address, std::chrono::seconds(20));
  };
  client.Transport = std::make_shared<Transport>(options);
  OnFiber([&] {
    first = client.Get("http://some.test/");
    ASSERT_TRUE(first);
    in_use = true;
    EXPECT_EQ(BodyOf(client, "http://some.test/"), "2");
    EXPECT_EQ(idle, 1U);
    first = Result<http::Response>();
    client.CloseIdleConnections();
  });
}

TEST(TransportOptions, CancellingWhileTheSocketConnectsFreesItAtOnce) {  // T32
  // A listener with a full queue answers no further connection.
  const test::LoopbackListener listener(0);
  const test::WirePeer filler(listener.Address());
  const std::string url = "http://" + listener.Address() + "/";
  OnFiber([&] {
    http::Client client{.Transport = std::make_shared<Transport>()};
    const netpoll::Loop& loop = *netpoll::Loop::Current();
    // The kernel may accept more connections than the queue's length says.
    for (int i = 0; i < 4; ++i) {
      const auto limited =
          appcontext::WithTimeout(appcontext::Background(), std::chrono::milliseconds(50));
      http::Request request = *http::NewRequestWithContext(limited.context, "GET", url);
      EXPECT_FALSE(client.Do(request));
    }
    for (int turn = 0; turn < 100 && loop.Connections() != 0; ++turn) fiber::Yield();
    EXPECT_EQ(loop.Connections(), 0U);
  });
}

}  // namespace
}  // namespace hon::client
