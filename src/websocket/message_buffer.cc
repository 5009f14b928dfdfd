#include "websocket/message_buffer.h"

#include <algorithm>

namespace hon::websocket::internal {
namespace {

// A slow peer may keep this much in memory for many connections: less than a whole block.
constexpr size_t kSmallBytesMax = 4096;

}  // namespace

MessageBuffer::~MessageBuffer() {
  if (block_ != nullptr) io::BlockPool::Unref(block_);
}

void MessageBuffer::Add(std::string_view piece, size_t to_come) {
  const size_t need = View().size() + piece.size();
  const size_t room = RoomFor(need, to_come);
  if (block_ == nullptr && room <= kSmallBytesMax) {
    small_.append(piece);
    return;
  }
  if (block_ == nullptr || block_->Room() < piece.size()) Grow(std::max(room, 2 * View().size()));
  char* end = block_->data + block_->end;
  if (piece.data() != end) std::copy(piece.begin(), piece.end(), end);
  block_->end += static_cast<uint32_t>(piece.size());
}

std::span<char> MessageBuffer::Room() {
  if (block_ == nullptr) return {};
  return {block_->data + block_->end, block_->Room()};
}

void MessageBuffer::Grow(size_t room) {
  io::Block* larger = pool_->GetLarge(room);
  const std::string_view had = View();
  std::copy(had.begin(), had.end(), larger->data);
  larger->end = static_cast<uint32_t>(had.size());
  if (block_ != nullptr) io::BlockPool::Unref(block_);
  block_ = larger;
}

}  // namespace hon::websocket::internal
