// The memory of an idle connection of HTTP/2, before its first request and behind it: the bytes
// that malloc has given out.

#include <vector>

#include "hon/h2/frame.h"
#include "support/malloc_bytes.h"
#include "support/own_process.h"
#include "support/test_server.h"

namespace hon {
namespace {

constexpr size_t kConnections = 500;
constexpr size_t kIdleBytesMax = 1024;
constexpr size_t kUsedBytesMax = size_t{10} * 1024;

std::string Frame(h2::FrameType type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string frame(h2::kFrameHeaderBytes, '\0');
  h2::WriteFrameHeader(frame.data(), {static_cast<uint32_t>(payload.size()), type, flags, stream});
  return frame.append(payload);
}

class Http2Memory : public test::BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    if (IsSkipped()) return;
    test::LiftDescriptorLimit();
    mux_.HandleFunc("/", [](http::ResponseWriter& w, http::Request& r) {
      w.Header().Set("X-Answer", r.Header.Get("X-Question"));
      w.Write("Hello, World!");
    });
    http::Protocols protocols;
    protocols.SetUnencryptedHTTP2(true);
    server_ =
        std::make_unique<test::TestServer>(engine_, GetParam(), server::WithProtocols(protocols));
  }
  ~Http2Memory() override {
    for (const int fd : idle_) ::close(fd);
  }

  /// Reads frames of `peer` up to one of `type` that has `flags`.
  static void ReadUntil(test::WirePeer& peer, h2::FrameType type, uint8_t flags) {
    for (;;) {
      const std::string head = peer.Read(h2::kFrameHeaderBytes);
      ASSERT_EQ(head.size(), h2::kFrameHeaderBytes);
      const h2::FrameHeader header = h2::ReadFrameHeader(head.data());
      peer.Read(header.length);
      if (header.type == type && header.Has(flags)) return;
    }
  }
  /// Opens connections; the client's end of each is only a descriptor. `asks`: a request on each.
  void Open(size_t count, bool asks) {
    for (size_t i = 0; i < count; ++i) {
      test::WirePeer peer(server_->Address());
      peer.Send(std::string(h2::kClientPreface) + Frame(h2::FrameType::kSettings, 0, 0, {}) +
                Frame(h2::FrameType::kSettings, h2::kFlagAck, 0, {}));
      ReadUntil(peer, h2::FrameType::kSettings, h2::kFlagAck);
      if (asks) {
        // A block that fills both tables: "x-question" and its answer are indexed.
        peer.Send(Frame(h2::FrameType::kHeaders, h2::kFlagEndHeaders | h2::kFlagEndStream, 1,
                        "\x82\x84\x86\x41\x01t\x40\x0ax-question\x04" + std::to_string(1000 + i)));
        ReadUntil(peer, h2::FrameType::kData, h2::kFlagEndStream);
        // The stream is released before this PING is answered.
        peer.Send(Frame(h2::FrameType::kPing, 0, 0, "01234567"));
        ReadUntil(peer, h2::FrameType::kPing, h2::kFlagAck);
      }
      idle_.push_back(::dup(peer.Fd()));
    }
  }
  size_t BytesEach(bool asks) {
    idle_.reserve(2 * kConnections);
    return test::BytesOfEach(100, kConnections, [&](size_t count) { Open(count, asks); });
  }

  http::ServeMux mux_;
  engine::Engine engine_{mux_, engine::WithPlacement(engine::kInline),
                         engine::WithStallTime(kUnlimited)};
  std::unique_ptr<test::TestServer> server_;
  std::vector<int> idle_;
};

TEST_P(Http2Memory, AConnectionBeforeItsFirstRequest) {
  EXPECT_LE(BytesEach(false), kIdleBytesMax);
}

TEST_P(Http2Memory, AConnectionBehindARequest) { EXPECT_LE(BytesEach(true), kUsedBytesMax); }

HON_INSTANTIATE_BACKENDS(Http2Memory);

}  // namespace
}  // namespace hon
