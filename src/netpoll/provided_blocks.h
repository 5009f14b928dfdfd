#pragma once

#include <liburing.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "hon/base/error.h"
#include "hon/io/link_buffer.h"

namespace hon::netpoll {

/// The blocks that io_uring may receive into, of a size that follows what is needed: as many as
/// have been received into at once, up to kMax. The place of a block that a connection keeps is
/// filled from the pool at once, so a reader that is slow to give blocks back starves nobody.
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
  /// Gives the place of a received block back: with the block itself, or with a new one when
  /// `kept` says that a connection has taken it.
  void Recycle(uint16_t id, bool kept);
  /// There were too few: provides twice as many.
  void Grow();
  /// Shows the kernel what Recycle and Grow have put in.
  void Publish();
  [[nodiscard]] unsigned Count() const { return count_; }

 private:
  void Put(uint16_t id);

  io_uring_buf_ring* shared_ = nullptr;
  io::BlockPool* pool_ = nullptr;
  unsigned count_ = 0;
  int unpublished_ = 0;
  std::array<io::Block*, kMax> blocks_{};
};

}  // namespace hon::netpoll
