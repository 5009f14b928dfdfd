// A Transport over HTTP/2, against servers that are made of single frames.

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/counting_server.h"
#include "client/frame_server.h"
#include "hon/client/transport.h"
#include "hon/fiber/wait_group.h"
#include "hon/http/client.h"
#include "hon/http/replay.h"
#include "support/eventually.h"

namespace hon::client {
namespace {

using h2::FrameType;
using test::FramePeer;
using test::FrameServer;
using test::OnFiber;

TransportOptions Http2Alone(http::HTTP2Config config = {}) {
  TransportOptions options;
  options.Protocols.SetUnencryptedHTTP2(true);
  options.HTTP2 = std::move(config);
  return options;
}

http::Client ClientWith(TransportOptions options) {
  return {.Transport = std::make_shared<Transport>(std::move(options))};
}

// The settings in the first frame of a client with `config`.
std::map<uint16_t, uint32_t> FirstSettings(const http::HTTP2Config& config) {
  std::map<uint16_t, uint32_t> settings;
  FrameServer server([&settings](FramePeer& peer) {
    const test::ReceivedFrame first = peer.Next();
    EXPECT_EQ(first.header.type, FrameType::kSettings);
    for (size_t at = 0; at + h2::kSettingBytes <= first.payload.size(); at += h2::kSettingBytes) {
      const auto* bytes = reinterpret_cast<const unsigned char*>(first.payload.data() + at);
      settings[static_cast<uint16_t>(bytes[0] << 8 | bytes[1])] =
          h2::ReadUint32(first.payload.data() + at + 2);
    }
    peer.AnswerNext();
  });
  http::Client client = ClientWith(Http2Alone(config));
  EXPECT_TRUE(client.Get(server.Url()));
  client.CloseIdleConnections();
  server.Join();
  return settings;
}

TEST(Http2Config, IsInTheFirstFrame) {  // C28
  using Settings = std::map<uint16_t, uint32_t>;
  EXPECT_EQ(FirstSettings({}), (Settings{{2, 0}, {4, 1 << 20}, {6, 10 << 20}}));
  EXPECT_EQ(FirstSettings({.MaxDecoderHeaderTableSize = 1000, .MaxReceiveBufferPerStream = 20'000}),
            (Settings{{1, 1000}, {2, 0}, {4, 20'000}, {6, 10 << 20}}));
  EXPECT_EQ(FirstSettings({.MaxDecoderHeaderTableSize = -1, .MaxReceiveBufferPerStream = 16'383}),
            (Settings{{2, 0}, {4, 1 << 20}, {6, 10 << 20}}))
      << "values outside of their range are the defaults";
}

TEST(Http2Config, CountErrorIsToldOfViolations) {  // C28
  const std::string bad_status("\x00\x07:status\x02no", 12);
  for (const bool of_connection : {false, true}) {
    std::vector<std::string> tokens;
    FrameServer server([&](FramePeer& peer) {
      const uint32_t stream = peer.AwaitRequest();
      if (of_connection) {
        peer.Send(FrameType::kData, 0, 0, "x");
      } else {
        peer.Send(FrameType::kHeaders, h2::kFlagEndHeaders | h2::kFlagEndStream, stream,
                  bad_status);
      }
      peer.AwaitEnd();
    });
    http::Client client = ClientWith(
        Http2Alone({.CountError = [&](std::string_view token) { tokens.emplace_back(token); }}));
    const Result<http::Response> answer = client.Get(server.Url());
    ASSERT_FALSE(answer);
    EXPECT_EQ(http::KindOf(answer.error()), http::ErrorKind::kProtocol);
    client.CloseIdleConnections();
    server.Join();
    EXPECT_EQ(tokens, std::vector<std::string>{of_connection ? "conn_PROTOCOL_ERROR"
                                                             : "stream_PROTOCOL_ERROR"});
  }
}

TEST(Http2Health, ASilentServerIsGivenUp) {  // HC21
  std::atomic<int> pings{0};
  FrameServer server([&](FramePeer& peer) {
    peer.AwaitRequest();
    while (peer.Next().header.type != FrameType::kPing) {
    }
    ++pings;
    peer.AwaitEnd();
  });
  http::Client client = ClientWith(Http2Alone({.SendPingTimeout = std::chrono::milliseconds(20),
                                               .PingTimeout = std::chrono::milliseconds(20)}));
  const Result<http::Response> answer = client.Get(server.Url());
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().Message().find("http2: client connection lost"), std::string::npos)
      << answer.error().Message();
  EXPECT_EQ(http::KindOf(answer.error()), http::ErrorKind::kClosed);
  server.Join();
  EXPECT_EQ(pings, 1);
}

TEST(Http2Health, AServerThatAnswersPingsIsAwaited) {  // HC21
  FrameServer server([](FramePeer& peer) {
    const uint32_t stream = peer.AwaitRequest();
    for (int pings = 0; pings < 3;) {
      const test::ReceivedFrame frame = peer.Next();
      if (frame.header.type != FrameType::kPing) continue;
      ++pings;
      peer.Send(FrameType::kPing, h2::kFlagAck, 0, frame.payload);
    }
    peer.Answer(stream);
    peer.AwaitEnd();
  });
  http::Client client = ClientWith(Http2Alone(
      {.SendPingTimeout = std::chrono::milliseconds(10), .PingTimeout = std::chrono::seconds(60)}));
  const Result<http::Response> answer = client.Get(server.Url());
  EXPECT_TRUE(answer) << answer.error().Message();
  client.CloseIdleConnections();
}

TEST(Http2Health, AServerThatTakesNoOutputIsGivenUp) {  // C28, WriteByteTimeout
  std::atomic<bool> over{false};
  FrameServer server([&over](FramePeer& peer) {
    const std::string window("\x00\x04\x7f\xff\xff\xff", 6);
    peer.Send(FrameType::kSettings, 0, 0, window);
    peer.Send(FrameType::kWindowUpdate, 0, 0, std::string("\x7f\xff\x00\x00", 4));
    EXPECT_TRUE(test::Eventually([&over] { return over.load(); }));
  });
  http::Client client =
      ClientWith(Http2Alone({.WriteByteTimeout = std::chrono::milliseconds(200)}));
  const std::string much(size_t{64} << 20, 'u');
  const Result<http::Response> answer =
      client.Post(server.Url(), "text/plain", http::Body::FromString(much));
  over = true;
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().Message().find("http2: client connection lost"), std::string::npos)
      << answer.error().Message();
}

TEST(Http2Streams, PastTheLimitARequestWaitsOrDials) {  // C28, HC8, HC23
  struct Case {
    bool strict;
    size_t conns_max;
    int connections;
  };
  for (const Case& one : {Case{false, 0, 2}, Case{true, 0, 1}, Case{false, 1, 1}}) {
    std::atomic<bool> both_began{false};
    FrameServer server([&both_began](FramePeer& peer) {
      peer.Send(FrameType::kSettings, 0, 0, std::string("\x00\x03\x00\x00\x00\x01", 6));
      peer.Answer(peer.AwaitRequest());
      for (;;) {
        const uint32_t stream = peer.AwaitRequest();
        if (stream == 0) return;
        EXPECT_TRUE(test::Eventually([&both_began] { return both_began.load(); }));
        peer.Answer(stream);
      }
    });
    OnFiber([&] {
      TransportOptions options = Http2Alone({.StrictMaxConcurrentRequests = one.strict});
      options.MaxConnsPerHost = one.conns_max;
      http::Client client = ClientWith(options);
      EXPECT_TRUE(client.Get(server.Url()));  // the limit is known
      int answered = 0;
      fiber::WaitGroup group;
      for (const bool second : {false, true}) {
        group.Go([&client, &server, &both_began, &answered, second] {
          if (second) both_began = true;
          if (client.Get(server.Url())) ++answered;
        });
      }
      group.Wait();
      EXPECT_EQ(answered, 2);
      client.CloseIdleConnections();
    });
    EXPECT_EQ(server.Connections(), one.connections);
  }
}

TEST(Http2Upload, ABodyOfAnotherLengthIsReset) {  // HC6
  for (const auto& [text, sent] :
       std::initializer_list<std::pair<const char*, size_t>>{{"abc", 3}, {"abcdefgh", 0}}) {
    size_t received = 0;
    uint32_t code = UINT32_MAX;
    FrameServer server([&](FramePeer& peer) {
      for (;;) {
        const test::ReceivedFrame frame = peer.Next();
        if (frame.ended) return;
        if (frame.header.type == FrameType::kData) {
          received += frame.payload.size();
          EXPECT_EQ(frame.header.flags & h2::kFlagEndStream, 0);
        }
        if (frame.header.type == FrameType::kRstStream) code = h2::ReadUint32(frame.payload.data());
      }
    });
    http::Client client = ClientWith(Http2Alone());
    http::Request request = *http::NewRequest(
        "POST", server.Url(), http::ReaderBody(std::make_shared<io::StringReader>(text), 5));
    request.ContentLength = 5;
    const Result<http::Response> answer = client.Do(request);
    ASSERT_FALSE(answer);
    EXPECT_NE(answer.error().Message().find("http: ContentLength=5 with Body length"),
              std::string::npos)
        << answer.error().Message();
    client.CloseIdleConnections();
    EXPECT_TRUE(test::Eventually([&server] { return server.Connections() == 1; }));
    server.Join();
    EXPECT_EQ(received, sent) << text << ": nothing of a surplus part is sent";
    EXPECT_EQ(code, static_cast<uint32_t>(h2::ErrorCode::kCancel)) << text;
  }
}

TEST(Http2Pool, AConnectionOfAnotherRouteIsNotUsed) {  // HC9
  FrameServer server([](FramePeer& peer) {
    while (const uint32_t stream = peer.AwaitRequest()) peer.Answer(stream);
  });
  TransportOptions options = Http2Alone();
  std::atomic<bool> by_proxy{false};
  options.Proxy = [&by_proxy](const http::Request&) -> Result<std::optional<url::URL>> {
    if (!by_proxy) return std::nullopt;
    return *url::Parse("socks5://127.0.0.1:1");
  };
  http::Client client = ClientWith(options);
  EXPECT_TRUE(client.Get(server.Url()));
  EXPECT_TRUE(client.Get(server.Url()));
  EXPECT_EQ(server.Connections(), 1);
  by_proxy = true;
  const Result<http::Response> answer = client.Get(server.Url());
  ASSERT_FALSE(answer) << "an open connection does not lead past the proxy";
  EXPECT_EQ(http::KindOf(answer.error()), http::ErrorKind::kProxy) << answer.error().Message();
  client.CloseIdleConnections();
}

}  // namespace
}  // namespace hon::client
