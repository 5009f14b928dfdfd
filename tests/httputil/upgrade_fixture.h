#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "hon/client/transport.h"
#include "hon/http/serve_mux.h"
#include "hon/httptest/server.h"
#include "hon/httputil/reverse_proxy.h"
#include "hon/io/event_conn.h"
#include "hon/websocket/dial.h"
#include "hon/websocket/upgrader.h"
#include "support/test_server.h"
#include "websocket/server_fixture.h"

namespace hon::test {

inline http::Protocols Only(bool http1, bool http2, bool unencrypted_http2) {
  http::Protocols protocols;
  protocols.SetHTTP1(http1);
  protocols.SetHTTP2(http2);
  protocols.SetUnencryptedHTTP2(unencrypted_http2);
  return protocols;
}

/// Sends back what it receives, on the loop.
class EchoSink final : public io::ConnSink {
 public:
  virtual ~EchoSink() = default;

  void OnOpen(std::unique_ptr<io::EventConn> conn) override { conn_ = std::move(conn); }
  void OnInput() override {
    conn_->Out().Append(std::move(conn_->In()));
    conn_->SendSoon();
    conn_->ConsumedInput();
    if (conn_->InputEnded()) conn_->Close(io::ConnClose::kGraceful);
  }
  void OnDeadline(io::ConnDeadline) override {}
  void OnClosed(const Error&) override { delete this; }

 private:
  std::unique_ptr<io::EventConn> conn_;
};

/// A WebSocket server behind a proxy.
class ProxiedUpgradeTest : public BackendTest {
 protected:
  ProxiedUpgradeTest() {
    mux_.HandleFunc("/ws", [this](http::ResponseWriter& w, http::Request& r) {
      protocol_ = r.ProtoMajor;
      auto conn = upgrader_.Upgrade(w, r);
      if (conn) websocket::test::EchoAll(*conn);
    });
    mux_.HandleFunc("/echo", [this](http::ResponseWriter& w, http::Request& r) {
      protocol_ = r.ProtoMajor;
      auto sink = std::make_unique<EchoSink>();
      const Error err = w.Upgrade("echo", {}, *sink);
      ASSERT_FALSE(err) << err.Message();
      static_cast<void>(sink.release());  // ends with its connection
    });
    mux_.HandleFunc("/refused", [](http::ResponseWriter& w, http::Request&) {
      w.WriteHeader(403);
      w.Write("no");
    });
    mux_.HandleFunc("/copy", [](http::ResponseWriter& w, http::Request& r) {
      Result<std::string> body = r.Body.ReadAll();
      if (body) w.Write(*body);
    });
    mux_.HandleFunc("/abort", [](http::ResponseWriter& w, http::Request&) {
      w.Header().Set("Content-Length", "10");
      w.Write("half");
      static_cast<void>(w.Flush());
      throw http::AbortHandler();
    });
    mux_.HandleFunc("/", [](http::ResponseWriter& w, http::Request& r) { w.Write(r.Proto); });
  }
  ~ProxiedUpgradeTest() override {
    front_.reset();
    back_.reset();
  }

  /// Starts the server behind the proxy, with TLS or without.
  void StartBack(http::Protocols protocols, bool tls) {
    back_ = std::make_unique<httptest::Server>(mux_);
    back_->Configure(server::WithBackend(GetParam()));
    back_->Configure(server::WithProtocols(protocols));
    tls ? back_->StartTLS() : back_->Start();
  }
  /// Starts a proxy to `target` with a Transport that is restricted to `protocols`.
  void StartFront(const std::string& target, http::Protocols protocols,
                  client::TransportOptions options = {}) {
    options.Protocols = protocols;
    proxy_.Transport = std::make_shared<client::Transport>(std::move(options));
    proxy_.Rewrite = [url = *url::Parse(target)](httputil::ProxyRequest& r) { r.SetURL(url); };
    StartFront();
  }
  void StartFront() {
    front_ = std::make_unique<httptest::Server>(proxy_);
    front_->Configure(server::WithBackend(GetParam()));
    front_->Configure(server::WithProtocols(Only(true, true, true)));
    front_->Start();
  }
  /// Dials through the proxy over HTTP/1.1 or HTTP/2, and has messages sent back.
  void ExpectEchoes(bool http2) {
    websocket::test::OnFiber(GetParam(), [&] {
      websocket::DialOptions options;
      if (http2) {
        client::TransportOptions over;
        over.Protocols = Only(false, false, true);
        options.transport = std::make_shared<client::Transport>(std::move(over));
      }
      auto conn = websocket::Dial("ws://" + front_->Address + "/ws", options);
      ASSERT_TRUE(conn) << conn.error().Message();
      for (const size_t size : {0UL, 1UL, 1000UL, 300'000UL}) {
        const std::string text(size, 'w');
        ASSERT_FALSE(conn->WriteText(text));
        auto message = conn->ReadMessage();
        ASSERT_TRUE(message) << message.error().Message();
        EXPECT_EQ(message->data, text);
      }
      EXPECT_FALSE(conn->Close(1000, "bye"));
      EXPECT_FALSE(conn->Wait());
    });
  }
  void ExpectEchoesOnBothFronts(int protocol_behind) {
    for (const bool http2 : {false, true}) {
      SCOPED_TRACE(http2 ? "HTTP/2 in front" : "HTTP/1.1 in front");
      protocol_ = 0;
      ExpectEchoes(http2);
      EXPECT_EQ(protocol_, protocol_behind);
    }
  }
  /// The answer to a request with these fields over HTTP/1.1.
  [[nodiscard]] Answer Ask(const std::string& path, const std::string& fields) const {
    WirePeer peer(front_->Address);
    EXPECT_TRUE(peer.Send("GET " + path + " HTTP/1.1\r\nHost: front.test\r\n" + fields + "\r\n"));
    return peer.ReadAnswer();
  }

  websocket::Upgrader upgrader_{websocket::UpgraderOptions{}};
  http::ServeMux mux_;
  httputil::ReverseProxy proxy_;
  std::atomic<bool> after_proxy_{false};
  std::atomic<int> protocol_{0};  // of the last upgrade, at the server behind
  std::unique_ptr<httptest::Server> back_;
  std::unique_ptr<httptest::Server> front_;
};

}  // namespace hon::test
