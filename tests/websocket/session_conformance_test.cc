// The conformance cases over sockets, in both styles and over every backend.

#include <gtest/gtest.h>

#include <memory>

#include "hon/websocket/upgrader.h"
#include "support/test_server.h"
#include "websocket/conformance_cases.h"
#include "websocket/ws_peer.h"

namespace hon::websocket {
namespace {

class EchoEvents final : public ConnHandler {
 public:
  void OnMessage(Conn& conn, MessageType type, std::string_view data) override {
    EXPECT_FALSE(conn.WriteMessage(type, data));
  }
};

class ConformanceTest : public hon::test::BackendTest {
 protected:
  ConformanceTest() : upgrader_(Options()), engine_(mux_, hon::test::SuitePlacement()) {
    mux_.HandleFunc("/loop", [this](http::ResponseWriter& w, http::Request& r) {
      auto conn = upgrader_.Upgrade(w, r);
      if (!conn) return;
      while (auto message = conn->ReadMessage()) {
        if (conn->WriteMessage(message->type, message->data)) return;
      }
    });
    mux_.HandleFunc("/streams", [this](http::ResponseWriter& w, http::Request& r) {
      auto conn = upgrader_.Upgrade(w, r);
      if (conn) EchoStreams(*conn);
    });
    mux_.HandleFunc("/events", [this](http::ResponseWriter& w, http::Request& r) {
      EXPECT_FALSE(upgrader_.Upgrade(w, r, std::make_shared<EchoEvents>()));
    });
  }
  void SetUp() override {
    BackendTest::SetUp();
    if (!IsSkipped()) server_ = std::make_unique<hon::test::TestServer>(engine_, GetParam());
  }

  // Echoes each message piece by piece. A message that turns out invalid is cut off in the middle,
  // so that its answer is whole only where the message is valid.
  static void EchoStreams(Conn& conn) {
    while (auto in = conn.NextReader()) {
      std::string all;
      char bytes[777];
      io::IoResult got;
      while (!(got = in->Read(bytes)).err) all.append(bytes, got.n);
      if (!got.err.Is(io::ErrEof)) return;
      auto out = conn.NextWriter(in->Type());
      if (!out) return;
      const std::string_view view = all;
      for (size_t at = 0; at < view.size(); at += 10'001) {
        if (out->Write(view.substr(at, 10'001)).err) return;
      }
      if (out->Close()) return;
    }
  }

  static UpgraderOptions Options() {
    UpgraderOptions options;
    options.conn.message_bytes_max = test::kCaseMessageBytesMax;
    options.conn.deflate.enabled = true;
    options.conn.deflate.threshold_bytes = 100;
    options.conn.deflate.send_takeover = true;
    return options;
  }

  void Run(const test::Case& c, const std::string& path, bool bytewise) {
    test::WsPeer peer(server_->Address(), path, c.deflate ? test::kOfferDeflate : "");
    ASSERT_EQ(peer.answer.status, 101) << c.name;
    ASSERT_EQ(peer.answer.Get("Sec-WebSocket-Accept"), test::kSampleAccept);
    ASSERT_EQ(peer.answer.Has("Sec-WebSocket-Extensions"), c.deflate);
    if (bytewise) {
      for (size_t i = 0; i < c.wire.size(); ++i) {
        if (!peer.wire.Send(std::string_view(c.wire).substr(i, 1))) break;
      }
    } else {
      peer.wire.Send(c.wire);
    }
    for (const std::string& want : c.want) {
      const std::string got = peer.ReadAnswer();
      ASSERT_EQ(got.substr(0, 200), want.substr(0, 200)) << c.name;
      ASSERT_EQ(got, want) << c.name;
    }
    peer.wire.EndSending();
    ASSERT_EQ(peer.ReadAnswer(), "end") << c.name;
  }

  Upgrader upgrader_;
  http::ServeMux mux_;
  engine::Engine engine_;
  std::unique_ptr<hon::test::TestServer> server_;
};

TEST_P(ConformanceTest, EveryCaseReadInALoop) {
  for (const test::Case& c : test::ConformanceCases()) Run(c, "/loop", false);
}

TEST_P(ConformanceTest, EveryCaseByEvents) {
  for (const test::Case& c : test::ConformanceCases()) Run(c, "/events", false);
}

TEST_P(ConformanceTest, EveryCaseInStreams) {
  for (const test::Case& c : test::ConformanceCases()) Run(c, "/streams", false);
}

TEST_P(ConformanceTest, ShortCasesByteByByte) {
  for (const test::Case& c : test::ConformanceCases()) {
    if (c.wire.size() < 120) Run(c, "/loop", true);
    if (c.wire.size() < 60) Run(c, "/events", true);
  }
}

HON_INSTANTIATE_BACKENDS(ConformanceTest);

}  // namespace
}  // namespace hon::websocket
