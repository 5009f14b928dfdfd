#pragma once

// Bytes between the kernel and the protocol: a chain of pooled blocks that is written at one end
// and read at the other without copying. Reader and writer methods carry the names of
// cloudwego/netpoll. A LinkBuffer, its blocks and its pool belong to one thread.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/base/result.h"
#include "hon/base/sanitizer.h"

namespace hon::io {

/// Asked for more bytes than the buffer holds.
inline constexpr Sentinel ErrNotEnough{"link buffer holds fewer bytes than asked for"};

/// Payload of a pooled block. One block takes nearly every request head and small response.
inline constexpr size_t kBlockBytes = 16 * 1024 - 64;

/// Bytes in larger blocks that a pool keeps while they are free.
inline constexpr size_t kLargeCachedBytesMax = size_t{2} << 20;

/// LinkBuffer::MoveTo copies shorter stretches, lest a few bytes hold a whole block.
inline constexpr size_t kMovedBytesMin = 4 * 1024;

class BlockPool;
class MemoryBudget;

/// A stretch of memory with a reference count. Bytes [begin, end) are filled and not yet read.
struct Block {
  Block* next = nullptr;
  Block* origin = nullptr;  // for a slice: the block whose memory this one shows
  BlockPool* pool = nullptr;
  char* data = nullptr;
  uint32_t capacity = 0;
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t refs = 0;

  [[nodiscard]] size_t Len() const { return end - begin; }
  [[nodiscard]] size_t Room() const { return capacity - end; }
  [[nodiscard]] std::string_view View() const { return {data + begin, Len()}; }
};

/// Keeps freed blocks, last in first out, so that the next connection gets warm memory.
/// Must outlive every block taken from it.
class BlockPool {
 public:
  /// Keeps at most `cached_max` free blocks; more go back to the system.
  explicit BlockPool(size_t cached_max = 256);
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  /// A block of kBlockBytes with one reference.
  [[nodiscard]] Block* Get() {
    if (free_ == nullptr) return New(kBlockBytes);
    Block* block = free_;
    free_ = block->next;
    --cached_;
    return Reuse(block);
  }
  /// A block of at least `capacity` bytes with one reference. The pool keeps at most
  /// kLargeCachedBytesMax of larger free blocks.
  [[nodiscard]] Block* GetLarge(size_t capacity);
  /// A block that shows [data, data+size) of `origin` (which gains a reference).
  [[nodiscard]] Block* GetSlice(Block* origin, const char* data, size_t size);

  static void Ref(Block* block) { ++block->refs; }
  /// Drops a reference; the last one gives the memory back.
  static void Unref(Block* block) {
    if (--block->refs == 0) block->pool->Free(block);
  }

  /// Blocks in use now (not counting slices).
  [[nodiscard]] size_t InUse() const { return in_use_; }
  /// Bytes of all blocks, including free blocks.
  [[nodiscard]] size_t Bytes() const { return bytes_; }
  /// Counts the blocks against `budget` from now on, which is null or outlives the pool.
  void SetBudget(MemoryBudget* budget);
  /// Frees all free blocks.
  void Trim();

 private:
  Block* Reuse(Block* block) {
    ++in_use_;
    Unpoison(block->data, block->capacity);
    block->next = nullptr;
    block->begin = 0;
    block->end = 0;
    block->refs = 1;
    return block;
  }
  Block* New(size_t capacity);
  Block* TakeLarge(size_t capacity);
  void Free(Block* block);
  void FreeOther(Block* block);
  void Delete(Block* block);

  Block* free_ = nullptr;
  Block* free_large_ = nullptr;
  Block* free_slices_ = nullptr;
  size_t cached_ = 0;
  size_t cached_max_;
  size_t large_cached_bytes_ = 0;
  size_t in_use_ = 0;
  size_t bytes_ = 0;
  MemoryBudget* budget_ = nullptr;
};

/// A reference to a block: the bytes of the block stay in place while the BlockRef lives.
class BlockRef {
 public:
  BlockRef() noexcept = default;
  /// Adds a reference to `block`.
  explicit BlockRef(Block* block) noexcept : block_(block) {
    if (block_ != nullptr) BlockPool::Ref(block_);
  }
  BlockRef(BlockRef&& other) noexcept : block_(other.block_) { other.block_ = nullptr; }
  BlockRef& operator=(BlockRef&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~BlockRef() { Reset(); }

  void Reset() noexcept {
    if (block_ != nullptr) BlockPool::Unref(block_);
    block_ = nullptr;
  }
  [[nodiscard]] Block* Get() const { return block_; }

 private:
  Block* block_ = nullptr;
};

class LinkBuffer {
 public:
  explicit LinkBuffer(BlockPool& pool) noexcept : pool_(&pool) {}
  LinkBuffer(LinkBuffer&& other) noexcept;
  LinkBuffer& operator=(LinkBuffer&& other) noexcept;
  ~LinkBuffer() { Clear(); }

  // Reading. A view lives until the next non-const call, unless its block is kept by Hold.

  /// Bytes that can be read.
  [[nodiscard]] size_t Len() const { return len_; }
  [[nodiscard]] bool Empty() const { return len_ == 0; }

  /// The first contiguous stretch; empty only when the buffer is.
  [[nodiscard]] std::string_view Front() const {
    return head_ == nullptr ? std::string_view() : head_->View();
  }

  /// The next `n` bytes in one piece, not consumed. Copies them together if they are scattered.
  [[nodiscard]] Result<std::string_view> Peek(size_t n);
  /// Like Peek, and consumes them; the view lives until the next call on this buffer that reads.
  [[nodiscard]] Result<std::string_view> Next(size_t n);
  /// Consumes `n` bytes.
  Error Skip(size_t n) {
    if (n > len_) return ErrNotEnough;
    Consume(n);
    return {};
  }
  /// Consumes and returns the bytes up to and including the first `delimiter`.
  [[nodiscard]] Result<std::string_view> Until(char delimiter);
  [[nodiscard]] Result<std::string> ReadString(size_t n);
  [[nodiscard]] Result<char> ReadByte();
  /// Consumes up to `into.size()` bytes into `into` and returns how many.
  size_t ReadInto(std::span<char> into);
  /// Moves the next `n` bytes into a buffer of their own, without copying them.
  [[nodiscard]] Result<LinkBuffer> Slice(size_t n);
  /// Moves up to `n` bytes to the end of `to`, which has the same pool, and returns how many.
  /// Stretches of kMovedBytesMin and more are moved as blocks and slices of blocks, uncopied.
  size_t MoveTo(LinkBuffer& to, size_t n);
  /// Releases the blocks that Next and Until kept alive for their views.
  void Release();

  /// Keeps the block of the first unread byte alive, so that views into it survive later reads.
  [[nodiscard]] BlockRef Hold() const { return BlockRef(head_); }

  /// Index of the first `needle` at or after `from`, or npos.
  static constexpr size_t kNpos = static_cast<size_t>(-1);
  [[nodiscard]] size_t Find(char needle, size_t from = 0) const;

  /// Calls `visit(std::string_view)` for each stretch in order; for writev.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    for (const Block* block = head_; block != nullptr; block = block->next) {
      if (block->Len() != 0) visit(block->View());
    }
  }

  // Writing.

  /// Reserves exactly `n` contiguous bytes at the end; MallocAck makes them readable. One
  /// reservation at a time.
  [[nodiscard]] char* Malloc(size_t n) {
    if (tail_ == nullptr || tail_->Room() < n || tail_->origin != nullptr) AddBlock(n);
    return tail_->data + tail_->end;
  }
  /// Makes the first `n` bytes of the reservation readable and drops the rest.
  void MallocAck(size_t n) {
    if (n == 0) return;
    HON_DEBUG_ASSERT(tail_ != nullptr && tail_->Room() >= n);
    tail_->end += static_cast<uint32_t>(n);
    len_ += n;
  }
  /// All the room in the last block, or in a new one when it is full.
  [[nodiscard]] std::span<char> Room();
  /// The room left in the last block, without making a new one; MallocAck counts what is filled.
  [[nodiscard]] std::span<char> TailRoom() const {
    if (tail_ == nullptr || tail_->origin != nullptr) return {};
    return {tail_->data + tail_->end, tail_->Room()};
  }

  /// Copies `data` to the end.
  void Write(std::string_view data);
  void WriteByte(char byte) {
    *Malloc(1) = byte;
    MallocAck(1);
  }
  /// Puts a filled block (one reference is taken over) at the end.
  void Append(Block* block);
  /// Moves all of `other` to the end, without copying.
  void Append(LinkBuffer&& other);

  /// Drops everything.
  void Clear();

  [[nodiscard]] BlockPool& Pool() const { return *pool_; }

 private:
  void AddBlock(size_t room);
  void DropFront();
  void Consume(size_t n) {
    if (n < len_ && n < head_->Len()) {  // the rest of the block is still unread
      head_->begin += static_cast<uint32_t>(n);
      len_ -= n;
    } else {
      ConsumeBlocks(n);
    }
  }
  void ConsumeBlocks(size_t n);
  void ConsumeSome(size_t n);

  BlockPool* pool_;
  Block* head_ = nullptr;
  Block* tail_ = nullptr;
  Block* kept_ = nullptr;  // consumed by Next or Until, alive until Release
  size_t len_ = 0;
};

}  // namespace hon::io
