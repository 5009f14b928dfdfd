#pragma once

// A message for many receivers: framed once, and compressed once for each window size in use.

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "hon/io/link_buffer.h"
#include "hon/websocket/message.h"
#include "websocket/deflate.h"

namespace hon::websocket::internal {

/// Any thread.
class Prepared {
 public:
  Prepared(MessageType type, std::string data);

  /// The frame in its uncompressed form (`window_bits` 0), or compressed with such a window. Lives
  /// as long as the Prepared.
  [[nodiscard]] const std::string& Frame(int window_bits, DeflatePool* pool);
  [[nodiscard]] MessageType Type() const { return type_; }
  [[nodiscard]] std::string_view Payload() const { return data_; }

 private:
  static constexpr int kVariants = 16;

  MessageType type_;
  std::string data_;
  std::mutex mutex_;
  std::array<std::unique_ptr<std::string>, kVariants> frames_;
};

/// The frames of one message in blocks of one loop, which its connections share. On that loop.
class PreparedBlocks {
 public:
  ~PreparedBlocks();
  PreparedBlocks() = default;
  PreparedBlocks(const PreparedBlocks&) = delete;
  PreparedBlocks& operator=(const PreparedBlocks&) = delete;

  /// Appends `frame`, one of the message's, to `out`, by a reference to a shared block; short
  /// frames are copied when `out` holds other bytes.
  void AppendTo(io::LinkBuffer& out, const std::string& frame, int window_bits);

 private:
  std::array<io::Block*, 16> blocks_{};
};

}  // namespace hon::websocket::internal
