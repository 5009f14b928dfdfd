// The time limits of a Transport for proxies and handshakes, with peers that keep silent.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "client/counting_server.h"
#include "hon/client/transport.h"
#include "hon/http/client.h"
#include "hon/http/client_error.h"
#include "hon/http/proxy.h"
#include "support/scripted_server.h"

namespace hon::client {
namespace {

using test::OnFiber;
using test::ScriptedConn;
using test::ScriptedServer;

// The error of a request for an https URL.
Error FailureOf(TransportOptions options, const std::string& url) {
  Error why;
  OnFiber([&] {
    http::Client client{.Transport = std::make_shared<Transport>(std::move(options))};
    const Result<http::Response> answer = client.Get(url);
    ASSERT_FALSE(answer);
    why = answer.error();
  });
  EXPECT_EQ(http::KindOf(why), http::ErrorKind::kTimeout) << why.Message();
  return why;
}

TEST(TransportTimes, AHandshakeHasItsTime) {  // T42
  const ScriptedServer server([](ScriptedConn& conn) { EXPECT_TRUE(conn.PeerEnds()); });
  TransportOptions options;
  options.TLSHandshakeTimeout = std::chrono::milliseconds(100);
  const Error why = FailureOf(options, "https://" + server.Address() + "/");
  EXPECT_TRUE(why.Is(http::ErrTLSHandshakeTimeout)) << why.Message();
}

TEST(TransportTimes, AProxyHasTheTimeOfADial) {  // T45
  for (const bool tunnel : {false, true}) {
    for (const std::string_view scheme : {"http://", "https://", "socks5://"}) {
      if (tunnel && scheme != "http://") continue;
      SCOPED_TRACE(std::string(scheme) + (tunnel ? ", behind the tunnel" : ""));
      const ScriptedServer proxy([tunnel](ScriptedConn& conn) {
        if (tunnel) {
          static_cast<void>(conn.ReadHead());
          conn.Send("HTTP/1.1 200 OK\r\n\r\n");
        }
        EXPECT_TRUE(conn.PeerEnds());
      });
      TransportOptions options;
      options.DialTimeout = std::chrono::milliseconds(100);
      options.Proxy = http::ProxyURL(*url::Parse(std::string(scheme) + proxy.Address()));
      const Error why = FailureOf(options, "https://some.test/");
      EXPECT_TRUE(why.Is(tunnel ? http::ErrTLSHandshakeTimeout : http::ErrProxyTimeout))
          << why.Message();
    }
  }
}

}  // namespace
}  // namespace hon::client
