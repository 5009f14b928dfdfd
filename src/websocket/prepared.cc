#include "websocket/prepared.h"

#include <cstring>
#include <utility>

#include "websocket/frame.h"

namespace hon::websocket::internal {
namespace {

// From this size on, sharing costs less than copying.
constexpr size_t kSharedBytesMin = 2048;

}  // namespace

Prepared::Prepared(MessageType type, std::string data) : type_(type), data_(std::move(data)) {}

const std::string& Prepared::Frame(int window_bits, DeflatePool* pool) {
  std::lock_guard lock(mutex_);
  auto& frame = frames_[static_cast<size_t>(window_bits)];
  if (frame != nullptr) return *frame;
  std::string packed;
  if (window_bits != 0) {
    auto deflater = pool->TakeDeflater(window_bits);
    deflater->Add(data_, true, packed);
    pool->GiveBack(std::move(deflater), window_bits);
  }
  const std::string_view payload = window_bits != 0 ? std::string_view(packed) : data_;
  char header[kFrameHeaderBytesMax];
  const size_t size = WriteFrameHeader({.final = true,
                                        .compressed = window_bits != 0,
                                        .opcode = static_cast<Opcode>(type_),
                                        .length = payload.size()},
                                       header);
  frame = std::make_unique<std::string>();
  frame->reserve(size + payload.size());
  frame->append(header, size).append(payload);
  return *frame;
}

PreparedBlocks::~PreparedBlocks() {
  for (io::Block* block : blocks_) {
    if (block != nullptr) io::BlockPool::Unref(block);
  }
}

void PreparedBlocks::AppendTo(io::LinkBuffer& out, const std::string& frame, int window_bits) {
  // A short frame is appended to unsent output of the same peer, if there is any.
  if (frame.size() < kSharedBytesMin && !out.Empty()) return out.Write(frame);
  io::Block*& block = blocks_[static_cast<size_t>(window_bits)];
  if (block == nullptr) {
    block = out.Pool().GetLarge(frame.size());
    std::memcpy(block->data, frame.data(), frame.size());
    block->end = static_cast<uint32_t>(frame.size());
  }
  out.Append(out.Pool().GetSlice(block, block->data, frame.size()));
}

}  // namespace hon::websocket::internal
