#pragma once

// Joins the pieces of a message for a handler.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "hon/io/link_buffer.h"

namespace hon::websocket::internal {

/// Belongs to the loop of its `pool`, whose warm blocks it reuses. Holds little more than the
/// received bytes, whatever length a frame's header announces.
class MessageBuffer {
 public:
  explicit MessageBuffer(io::BlockPool& pool) : pool_(&pool) {}
  ~MessageBuffer();
  MessageBuffer(const MessageBuffer&) = delete;
  MessageBuffer& operator=(const MessageBuffer&) = delete;

  /// Adds `piece`; at least `to_come` further bytes are announced. The piece may already be in
  /// Room().
  void Add(std::string_view piece, size_t to_come);
  /// Room for the next piece, which saves its copy in Add. Often empty.
  [[nodiscard]] std::span<char> Room();
  /// The added bytes. Lives until the next Add.
  [[nodiscard]] std::string_view View() const {
    return block_ == nullptr ? small_ : block_->View();
  }

 private:
  void Grow(size_t room);

  io::BlockPool* pool_;
  io::Block* block_ = nullptr;  // for more than a few bytes
  std::string small_;
};

/// The capacity for a message with `have` bytes received, and at least `to_come` announced.
[[nodiscard]] constexpr size_t RoomFor(size_t have, size_t to_come) {
  return have + (to_come < 3 * have ? to_come : 3 * have);
}

}  // namespace hon::websocket::internal
