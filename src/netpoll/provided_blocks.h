#pragma once

#include <liburing.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "hon/base/error.h"
#include "hon/io/link_buffer.h"

namespace hon::netpoll {

/// The blocks that io_uring may receive into. The number of blocks follows the load: as many as
/// were received into at once, up to kMax. The slot of a block that a connection keeps is refilled
/// from the pool at once, so a reader that is slow to give blocks back starves no other connection.
class ProvidedBlocks {
 public:
  static constexpr unsigned kMax = 256;
  static constexpr unsigned kMin = 32;
  static constexpr int kGroup = 0;

  ProvidedBlocks() = default;
  ~ProvidedBlocks();  // after the ring is gone
  ProvidedBlocks(const ProvidedBlocks&) = delete;
  ProvidedBlocks& operator=(const ProvidedBlocks&) = delete;

  /// Shares the list of blocks with the kernel; empty until Provide.
  Error Register(io_uring& ring);
  /// Begins to provide blocks from `pool`.
  void Provide(io::BlockPool& pool);

  /// The block that a completion names.
  [[nodiscard]] io::Block* At(uint16_t id) const { return blocks_[id]; }
  /// The block that the kernel uses behind the one that a completion names. Called before Recycle.
  [[nodiscard]] uint16_t Behind(uint16_t id) const {
    return shared_->bufs[(places_[id] + 1U) % kMax].bid;
  }
  /// Refills the slot of a received block: with the same block, or with a new one when `kept` says
  /// that a connection has taken it. A slot for which there is no memory is refilled by a later
  /// Publish.
  void Recycle(uint16_t id, bool kept);
  /// Doubles the provided blocks, which were too few.
  void Grow();
  /// Provides kMin blocks and no more, and frees the others. No completion may name a block now,
  /// and none may come before the call returns.
  void Shrink();
  /// Publishes to the kernel what Recycle and Grow have added.
  void Publish();
  [[nodiscard]] unsigned Count() const { return count_; }

 private:
  [[nodiscard]] int Share();
  void Put(uint16_t id);
  [[nodiscard]] bool Refill(unsigned id);
  void RefillEmpty();

  io_uring* ring_ = nullptr;
  io_uring_buf_ring* shared_ = nullptr;
  bool is_shared_ = false;  // the kernel knows of the list
  io::BlockPool* pool_ = nullptr;
  unsigned count_ = 0;
  unsigned empty_ = 0;  // slots without a block, for which there was no memory
  int unpublished_ = 0;
  std::array<io::Block*, kMax> blocks_{};
  std::array<uint16_t, kMax> places_{};  // of the blocks, in the list
};

}  // namespace hon::netpoll
