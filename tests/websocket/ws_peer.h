#pragma once

// A client that sends exactly the given bytes, and reads frames strictly.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/wire_peer.h"
#include "websocket/frames.h"

namespace hon::websocket::test {

/// The key of RFC 6455 §1.3, and its answer.
inline constexpr std::string_view kSampleKey = "dGhlIHNhbXBsZSBub25jZQ==";
inline constexpr std::string_view kSampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

inline std::string UpgradeRequest(std::string_view path = "/ws", std::string_view more = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n" +
         "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
         std::string(kSampleKey) + "\r\n" + std::string(more) + "\r\n";
}

inline constexpr std::string_view kOfferDeflate =
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

struct WireFrame {
  unsigned opcode = 0;
  bool final = false;
  bool compressed = false;
  std::string payload;
};

/// Inflates messages of one peer, with takeover.
class WireInflater {
 public:
  WireInflater() { inflateInit2(&stream_, -15); }
  ~WireInflater() { inflateEnd(&stream_); }
  WireInflater(const WireInflater&) = delete;
  WireInflater& operator=(const WireInflater&) = delete;
  std::string Message(std::string packed) {
    packed += std::string_view("\0\0\xFF\xFF", 4);
    std::string out(1 << 20, '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(packed.data());
    stream_.avail_in = static_cast<uInt>(packed.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    inflate(&stream_, Z_SYNC_FLUSH);
    out.resize(out.size() - stream_.avail_out);
    return out;
  }

 private:
  z_stream stream_ = {};
};

class WsPeer {
 public:
  explicit WsPeer(const std::string& address) : wire(address) {}
  /// Connects and upgrades.
  WsPeer(const std::string& address, std::string_view path, std::string_view more = {})
      : wire(address) {
    wire.Send(UpgradeRequest(path, more));
    answer = wire.ReadAnswer();
  }

  /// The next frame; none when the connection ends first.
  std::optional<WireFrame> ReadFrame() {
    const std::string start = wire.Read(2);
    if (start.size() < 2) return std::nullopt;
    WireFrame frame;
    const auto first = static_cast<unsigned char>(start[0]);
    frame.opcode = first & 15;
    frame.final = (first & 0x80) != 0;
    frame.compressed = (first & 0x40) != 0;
    uint64_t length = static_cast<unsigned char>(start[1]);  // unmasked; a masked one would be far
                                                             // too long
    if (length > 127) return std::nullopt;
    const size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (extra != 0) {
      length = 0;
      for (const char byte : wire.Read(extra))
        length = length << 8 | static_cast<unsigned char>(byte);
    }
    frame.payload = wire.Read(length);
    if (frame.payload.size() != length) return std::nullopt;
    return frame;
  }

  /// The next answer as in conformance_cases.h; "end" when the connection ended.
  std::string ReadAnswer() {
    std::optional<WireFrame> frame = ReadFrame();
    if (!frame) return "end";
    if (frame->opcode == 8) {
      if (frame->payload.size() < 2) return "close:";
      return "close:" + std::to_string(static_cast<unsigned char>(frame->payload[0]) << 8 |
                                       static_cast<unsigned char>(frame->payload[1]));
    }
    if (frame->opcode == 10) return "pong:" + frame->payload;
    if (frame->opcode == 9) return "ping:" + frame->payload;
    const std::string kind = frame->opcode == 1 ? "text:" : "binary:";
    const bool compressed = frame->compressed;
    std::string payload = std::move(frame->payload);
    while (!frame->final) {
      frame = ReadFrame();
      if (!frame || frame->opcode != 0) return "end";
      payload += frame->payload;
    }
    return kind + (compressed ? inflater.Message(payload) : payload);
  }

  hon::test::WirePeer wire;
  hon::test::Answer answer;
  WireInflater inflater;
};

}  // namespace hon::websocket::test
