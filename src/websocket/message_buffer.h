#pragma once

// A message that comes in pieces, put together for a handler.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "hon/io/link_buffer.h"

namespace hon::websocket::internal {

/// Belongs to the loop whose `pool` it takes its memory from: blocks that one message leaves warm
/// for the next. It holds little more than what has come, whatever a frame's header promises.
class MessageBuffer {
 public:
  explicit MessageBuffer(io::BlockPool& pool) : pool_(&pool) {}
  ~MessageBuffer();
  MessageBuffer(const MessageBuffer&) = delete;
  MessageBuffer& operator=(const MessageBuffer&) = delete;

  /// Adds `piece`, behind which at least `to_come` bytes are announced. It may be in Room()
  /// already.
  void Add(std::string_view piece, size_t to_come);
  /// Where the next piece may be put before it is added, for nothing to copy. Often empty.
  [[nodiscard]] std::span<char> Room();
  /// All that was added. Lives until the next Add.
  [[nodiscard]] std::string_view View() const {
    return block_ == nullptr ? small_ : block_->View();
  }

 private:
  void Grow(size_t room);

  io::BlockPool* pool_;
  io::Block* block_ = nullptr;  // when it is more than a few bytes
  std::string small_;
};

/// Room to make for a message of which `have` bytes have come, and at least `to_come` will.
[[nodiscard]] constexpr size_t RoomFor(size_t have, size_t to_come) {
  return have + (to_come < 3 * have ? to_come : 3 * have);
}

}  // namespace hon::websocket::internal
