#include "netpoll/provided_blocks.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "hon/base/assert.h"

namespace hon::netpoll {
namespace {

constexpr size_t kSharedBytes = ProvidedBlocks::kMax * sizeof(io_uring_buf);

}  // namespace

ProvidedBlocks::~ProvidedBlocks() {
  if (shared_ != nullptr) ::munmap(shared_, kSharedBytes);
  for (unsigned id = 0; id < count_; ++id) {
    if (blocks_[id] != nullptr) io::BlockPool::Unref(blocks_[id]);
  }
}

Error ProvidedBlocks::Register(io_uring& ring) {
  void* memory =
      ::mmap(nullptr, kSharedBytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  if (memory == MAP_FAILED) return Error::System(errno, "mmap");
  ring_ = &ring;
  shared_ = static_cast<io_uring_buf_ring*>(memory);
  io_uring_buf_ring_init(shared_);
  const int code = Share();
  return code < 0 ? Error::System(-code, "io_uring_register_buf_ring") : Error();
}

int ProvidedBlocks::Share() {
  io_uring_buf_reg reg{};
  reg.ring_addr = reinterpret_cast<uintptr_t>(shared_);
  reg.ring_entries = kMax;
  reg.bgid = kGroup;
  const int code = io_uring_register_buf_ring(ring_, &reg, 0);
  is_shared_ = code >= 0;
  return code;
}

void ProvidedBlocks::Provide(io::BlockPool& pool) {
  pool_ = &pool;
  Grow();
  Publish();
}

void ProvidedBlocks::Put(uint16_t id) {
  const io::Block& block = *blocks_[id];
  places_[id] = static_cast<uint16_t>((shared_->tail + static_cast<unsigned>(unpublished_)) % kMax);
  io_uring_buf_ring_add(shared_, block.data, block.capacity, id, io_uring_buf_ring_mask(kMax),
                        unpublished_++);
}

void ProvidedBlocks::Recycle(uint16_t id, bool kept) {
  HON_ASSERT(id < count_);
  if (kept && !Refill(id)) return;
  Put(id);
}

// Returns false, and leaves the slot empty, where there is no memory.
bool ProvidedBlocks::Refill(unsigned id) {
  try {
    blocks_[id] = pool_->Get();
    return true;
  } catch (const std::bad_alloc&) {
    blocks_[id] = nullptr;
    ++empty_;
    return false;
  }
}

void ProvidedBlocks::RefillEmpty() {
  for (unsigned id = 0; id < count_ && empty_ != 0; ++id) {
    if (blocks_[id] != nullptr) continue;
    --empty_;
    if (!Refill(id)) return;
    Put(static_cast<uint16_t>(id));
  }
}

// The kernel gives back no block of a list that it shares, so it forgets the list and is told of a
// new one. Where it has no memory for the new one now, receives end without a block, and Grow,
// which they call, tells it again.
void ProvidedBlocks::Shrink() {
  if (count_ <= kMin || io_uring_unregister_buf_ring(ring_, kGroup) != 0) return;
  for (; count_ > kMin; --count_) {
    io::Block* const block = std::exchange(blocks_[count_ - 1], nullptr);
    block != nullptr ? io::BlockPool::Unref(block) : static_cast<void>(--empty_);
  }
  io_uring_buf_ring_init(shared_);
  unpublished_ = 0;
  for (unsigned id = 0; id < count_; ++id) {
    if (blocks_[id] != nullptr) Put(static_cast<uint16_t>(id));
  }
  Publish();
  static_cast<void>(Share());
}

void ProvidedBlocks::Grow() {
  if (!is_shared_ && Share() < 0) return;
  const unsigned wanted = std::clamp(count_ * 2, kMin, kMax);
  for (; count_ < wanted; ++count_) {
    if (!Refill(count_)) {  // counted with the slots in use only
      --empty_;
      return;
    }
    Put(static_cast<uint16_t>(count_));
  }
}

void ProvidedBlocks::Publish() {
  if (empty_ != 0) [[unlikely]]
    RefillEmpty();
  if (unpublished_ == 0) return;
  io_uring_buf_ring_advance(shared_, unpublished_);
  unpublished_ = 0;
}

}  // namespace hon::netpoll
