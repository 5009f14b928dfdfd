#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "hon/netpoll/connection.h"

namespace hon::netpoll {

/// The memory of a loop's connections: chunks of 16 KiB. The slot freed last is used first, within
/// the limits of chunks, and an empty chunk is freed when another one has room.
class ConnectionSlab {
 public:
  static constexpr unsigned kPerChunk = 63;

  ConnectionSlab() = default;
  ~ConnectionSlab();  // every connection must have been deleted
  ConnectionSlab(const ConnectionSlab&) = delete;
  ConnectionSlab& operator=(const ConnectionSlab&) = delete;

  Connection& New(Loop& loop, EventHandler& handler, int fd, bool connecting);
  void Delete(Connection& c);
  [[nodiscard]] size_t Live() const { return live_; }
  [[nodiscard]] size_t Chunks() const { return chunks_; }

  /// Calls `visit` for each connection; `visit` may delete the visited one.
  template <class Visit>
  void ForEach(Visit&& visit) {
    for (Chunk* chunk = all_; chunk != nullptr;) {
      Chunk* next = chunk->next;
      for (uint64_t used = chunk->used; used != 0; used &= used - 1) {
        visit(*chunk->At(static_cast<unsigned>(std::countr_zero(used))));
      }
      chunk = next;
    }
  }

 private:
  // A connection finds its chunk by its address, since chunks are aligned to their size.
  static constexpr size_t kChunkBytes = 16 * 1024;
  static constexpr size_t kHeaderBytes = 128;

  struct Chunk {
    Chunk* next = nullptr;  // all chunks
    Chunk* prev = nullptr;
    Chunk* next_with_room = nullptr;
    Chunk* prev_with_room = nullptr;
    uint64_t used = 0;  // one bit per slot
    [[nodiscard]] Connection* At(unsigned place);
  };
  static_assert(kHeaderBytes + kPerChunk * sizeof(Connection) <= kChunkBytes);

  Chunk* AddChunk();
  void RemoveChunk(Chunk* chunk);
  void LinkRoom(Chunk* chunk);
  void UnlinkRoom(Chunk* chunk);

  Chunk* all_ = nullptr;
  Chunk* with_room_ = nullptr;
  size_t live_ = 0;
  size_t chunks_ = 0;
};

}  // namespace hon::netpoll
