#include "hon/io/link_buffer.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

#include "base/outside_asan.h"
#include "hon/base/assert.h"
#include "hon/base/sanitizer.h"
#include "hon/io/memory_budget.h"

namespace hon::io {

namespace {

// In front of a block's bytes; together they fill whole steps.
constexpr size_t kHeaderBytes = 64;
constexpr size_t kLargeStep = size_t{16} << 10;
static_assert(sizeof(Block) <= kHeaderBytes && kBlockBytes + kHeaderBytes == kLargeStep);

}  // namespace

BlockPool::BlockPool(size_t cached_max) : cached_max_(CheckedFromOutside() ? 0 : cached_max) {}

BlockPool::~BlockPool() {
  HON_ASSERT(in_use_ == 0);
  for (Block* list : {free_, free_large_, free_slices_}) {
    while (list != nullptr) Delete(std::exchange(list, list->next));
  }
  HON_ASSERT(bytes_ == 0);
}

void BlockPool::SetBudget(MemoryBudget* budget) {
  if (budget_ != nullptr) budget_->GiveBack(bytes_);
  budget_ = budget;
  if (budget_ != nullptr) budget_->Take(bytes_);
}

void BlockPool::Trim() {
  for (Block** list : {&free_, &free_large_, &free_slices_}) {
    Block* block = std::exchange(*list, nullptr);
    while (block != nullptr) Delete(std::exchange(block, block->next));
  }
  cached_ = 0;
  large_cached_bytes_ = 0;
}

// Gives the memory of a free block to the system.
void BlockPool::Delete(Block* block) {
  if (block->origin == nullptr) {  // no slice
    UnpoisonAlways(block->data, block->capacity);
    bytes_ -= kHeaderBytes + block->capacity;
    if (budget_ != nullptr) budget_->GiveBack(kHeaderBytes + block->capacity);
  }
  ::operator delete(block);
}

Block* BlockPool::GetLarge(size_t capacity) {
  if (capacity <= kBlockBytes) return Get();
  Block* block = TakeLarge(capacity);
  if (block == nullptr) {
    return New((capacity + kHeaderBytes + kLargeStep - 1) / kLargeStep * kLargeStep - kHeaderBytes);
  }
  large_cached_bytes_ -= block->capacity;
  return Reuse(block);
}

// The first block that fits and does not waste too much. The list is short.
Block* BlockPool::TakeLarge(size_t capacity) {
  for (Block** at = &free_large_; *at != nullptr; at = &(*at)->next) {
    const size_t has = (*at)->capacity;
    if (has >= capacity && has / 4 <= capacity) return std::exchange(*at, (*at)->next);
  }
  return nullptr;
}

Block* BlockPool::New(size_t capacity) {
  HON_ASSERT(capacity <= std::numeric_limits<uint32_t>::max());
  void* memory = ::operator new(kHeaderBytes + capacity, std::nothrow);
  if (memory == nullptr) [[unlikely]] {
    if (budget_ != nullptr) budget_->Failed();
    throw std::bad_alloc();
  }
  auto* block = new (memory) Block;
  block->pool = this;
  block->data = static_cast<char*>(memory) + kHeaderBytes;
  block->capacity = static_cast<uint32_t>(capacity);
  block->refs = 1;
  ++in_use_;
  bytes_ += kHeaderBytes + capacity;
  if (budget_ != nullptr) budget_->Take(kHeaderBytes + capacity);
  return block;
}

Block* BlockPool::GetSlice(Block* origin, const char* data, size_t size) {
  if (origin->origin != nullptr) origin = origin->origin;
  void* memory = free_slices_;
  if (memory != nullptr) {
    free_slices_ = free_slices_->next;
  } else {
    memory = ::operator new(sizeof(Block));
  }
  auto* block = new (memory) Block;
  Ref(origin);
  block->origin = origin;
  block->pool = this;
  block->data = const_cast<char*>(data);
  block->capacity = static_cast<uint32_t>(size);
  block->end = static_cast<uint32_t>(size);
  block->refs = 1;
  return block;
}

// `block` is a slice, a larger block, or a block that is not kept.
[[gnu::noinline]] void BlockPool::FreeOther(Block* block) {
  if (block->origin != nullptr) {
    Unref(block->origin);
    block->next = free_slices_;
    free_slices_ = block;
    return;
  }
  --in_use_;
  const size_t capacity = block->capacity;
  if (capacity == kBlockBytes || large_cached_bytes_ + capacity > kLargeCachedBytesMax ||
      CheckedFromOutside()) {
    return Delete(block);
  }
#ifdef HON_ASAN
  Poison(block->data, capacity);
#endif
  block->next = free_large_;
  free_large_ = block;
  large_cached_bytes_ += capacity;
}

void BlockPool::Free(Block* block) {
  const bool kept = block->capacity == kBlockBytes && block->origin == nullptr;
  if (!kept || cached_ == cached_max_) return FreeOther(block);
  --in_use_;
#ifdef HON_ASAN
  Poison(block->data, block->capacity);
#endif
  block->next = free_;
  free_ = block;
  ++cached_;
}

LinkBuffer::LinkBuffer(LinkBuffer&& other) noexcept
    : pool_(other.pool_),
      head_(std::exchange(other.head_, nullptr)),
      tail_(std::exchange(other.tail_, nullptr)),
      kept_(std::exchange(other.kept_, nullptr)),
      len_(std::exchange(other.len_, 0)) {}

LinkBuffer& LinkBuffer::operator=(LinkBuffer&& other) noexcept {
  if (this == &other) return *this;
  Clear();
  pool_ = other.pool_;
  head_ = std::exchange(other.head_, nullptr);
  tail_ = std::exchange(other.tail_, nullptr);
  kept_ = std::exchange(other.kept_, nullptr);
  len_ = std::exchange(other.len_, 0);
  return *this;
}

Result<std::string_view> LinkBuffer::Peek(size_t n) {
  if (n > len_) return Fail(ErrNotEnough);
  if (n == 0) return std::string_view();
  if (head_->Len() >= n) return head_->View().substr(0, n);
  // The bytes are scattered: one block with all of them replaces the blocks that it empties.
  Block* joined = pool_->GetLarge(n);
  while (joined->Len() < n) {
    const size_t part = std::min(n - joined->Len(), head_->Len());
    std::memcpy(joined->data + joined->end, head_->data + head_->begin, part);
    joined->end += static_cast<uint32_t>(part);
    head_->begin += static_cast<uint32_t>(part);
    if (head_->Len() == 0 && (head_->next != nullptr || joined->Len() == n)) DropFront();
  }
  joined->next = head_;
  head_ = joined;
  if (tail_ == nullptr) tail_ = joined;
  return joined->View();
}

Result<std::string_view> LinkBuffer::Next(size_t n) {
  HON_TRY(std::string_view view, Peek(n));
  if (n == 0) return view;
  // A slice keeps the view alive past the block's last byte.
  Block* keep = pool_->GetSlice(head_, view.data(), 0);
  keep->next = kept_;
  kept_ = keep;
  Consume(n);
  return view;
}

Result<std::string_view> LinkBuffer::Until(char delimiter) {
  const size_t at = Find(delimiter);
  if (at == kNpos) return Fail(ErrNotEnough);
  return Next(at + 1);
}

Result<std::string> LinkBuffer::ReadString(size_t n) {
  if (n > len_) return Fail(ErrNotEnough);
  std::string text(n, '\0');
  ReadInto(std::span(text));
  return text;
}

Result<char> LinkBuffer::ReadByte() {
  if (len_ == 0) return Fail(ErrNotEnough);
  const char byte = head_->data[head_->begin];
  Consume(1);
  return byte;
}

size_t LinkBuffer::ReadInto(std::span<char> into) {
  if (len_ != 0 && head_ == tail_ && len_ <= into.size()) [[likely]] {
    Block* const block = std::exchange(head_, nullptr);
    tail_ = nullptr;
    const size_t n = std::exchange(len_, 0);
    std::memcpy(into.data(), block->data + block->begin, n);
    BlockPool::Unref(block);
    return n;
  }
  size_t n = 0;
  while (n < into.size() && len_ != 0) {
    const std::string_view front = Front();
    const size_t part = std::min(front.size(), into.size() - n);
    std::memcpy(into.data() + n, front.data(), part);
    n += part;
    Consume(part);
  }
  return n;
}

Result<LinkBuffer> LinkBuffer::Slice(size_t n) {
  if (n > len_) return Fail(ErrNotEnough);
  LinkBuffer out(*pool_);
  while (n > 0) {
    const std::string_view front = Front().substr(0, n);
    out.Append(pool_->GetSlice(head_, front.data(), front.size()));
    Consume(front.size());
    n -= front.size();
  }
  return out;
}

size_t LinkBuffer::MoveTo(LinkBuffer& to, size_t n) {
  HON_ASSERT(pool_ == to.pool_ && this != &to);
  size_t moved = 0;
  while (moved < n && len_ != 0) {
    const std::string_view front = Front().substr(0, n - moved);
    moved += front.size();
    if (front.size() < kMovedBytesMin) {
      to.Write(front);
      Consume(front.size());
    } else if (front.size() == head_->Len() && head_ != tail_) {
      Block* const block = std::exchange(head_, head_->next);
      block->next = nullptr;
      len_ -= front.size();
      to.Append(block);
    } else {
      to.Append(pool_->GetSlice(head_, front.data(), front.size()));
      Consume(front.size());
    }
  }
  return moved;
}

void LinkBuffer::Release() {
  while (kept_ != nullptr) {
    Block* next = kept_->next;
    BlockPool::Unref(kept_);
    kept_ = next;
  }
}

size_t LinkBuffer::Find(char needle, size_t from) const {
  size_t base = 0;
  for (const Block* block = head_; block != nullptr; block = block->next) {
    const std::string_view view = block->View();
    if (from < base + view.size()) {
      const size_t start = from > base ? from - base : 0;
      const size_t at = view.find(needle, start);
      if (at != std::string_view::npos) return base + at;
    }
    base += view.size();
  }
  return kNpos;
}

void LinkBuffer::AddBlock(size_t room) {
  Block* const block = room <= kBlockBytes ? pool_->Get() : pool_->GetLarge(room);
  if (tail_ != nullptr) return Append(block);
  head_ = tail_ = block;
}

std::span<char> LinkBuffer::Room() {
  char* start = Malloc(1);
  return {start, tail_->Room()};
}

void LinkBuffer::Write(std::string_view data) {
  while (!data.empty()) {
    const std::span<char> room = Room();
    const size_t part = std::min(room.size(), data.size());
    std::memcpy(room.data(), data.data(), part);
    MallocAck(part);
    data.remove_prefix(part);
  }
}

void LinkBuffer::Append(Block* block) {
  HON_ASSERT(block->next == nullptr);
  if (tail_ == nullptr) {
    head_ = block;
  } else {
    tail_->next = block;
  }
  tail_ = block;
  len_ += block->Len();
  // An empty block at the front is kept only while it is also the last one.
  if (head_ != tail_ && head_->Len() == 0) DropFront();
}

void LinkBuffer::Append(LinkBuffer&& other) {
  if (other.head_ == nullptr) return;
  if (tail_ == nullptr) {
    head_ = other.head_;
  } else {
    tail_->next = other.head_;
  }
  tail_ = other.tail_;
  len_ += other.len_;
  other.head_ = other.tail_ = nullptr;
  other.len_ = 0;
  if (head_ != tail_ && head_->Len() == 0) DropFront();
}

void LinkBuffer::Clear() {
  Release();
  while (head_ != nullptr) DropFront();
  len_ = 0;
}

void LinkBuffer::DropFront() {
  Block* block = head_;
  head_ = block->next;
  if (head_ == nullptr) tail_ = nullptr;
  block->next = nullptr;
  BlockPool::Unref(block);
}

void LinkBuffer::ConsumeBlocks(size_t n) {
  if (n == 0 || n != len_ || head_ != tail_) return ConsumeSome(n);
  Block* const block = head_;
  head_ = tail_ = nullptr;
  len_ = 0;
  BlockPool::Unref(block);
}

[[gnu::noinline]] void LinkBuffer::ConsumeSome(size_t n) {
  len_ -= n;
  while (head_ != nullptr) {
    const size_t front = head_->Len();
    if (n < front) {
      head_->begin += static_cast<uint32_t>(n);
      return;
    }
    // An unused reservation leaves an empty block behind. Front shows an empty block only when it
    // is the last one.
    if (front == 0 && head_->next == nullptr) return;
    n -= front;
    DropFront();
  }
}

}  // namespace hon::io
