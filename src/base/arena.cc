#include "hon/base/arena.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "base/outside_asan.h"
#include "hon/base/assert.h"
#include "hon/base/sanitizer.h"

namespace hon {
namespace {

constexpr size_t kFirstChunkBytes = 1024;
constexpr size_t kChunkBytesMax = 64 * 1024;

}  // namespace

struct Arena::Chunk {
  Chunk* older;
  size_t capacity;

  char* Data() { return reinterpret_cast<char*>(this + 1); }
};

Arena::Arena(Arena&& other) noexcept
    : chunk_(std::exchange(other.chunk_, nullptr)),
      first_(std::exchange(other.first_, nullptr)),
      next_(std::exchange(other.next_, nullptr)),
      end_(std::exchange(other.end_, nullptr)),
      has_older_(std::exchange(other.has_older_, false)) {}

Arena& Arena::operator=(Arena&& other) noexcept {
  if (this == &other) return *this;
  Clear();
  chunk_ = std::exchange(other.chunk_, nullptr);
  first_ = std::exchange(other.first_, nullptr);
  next_ = std::exchange(other.next_, nullptr);
  end_ = std::exchange(other.end_, nullptr);
  has_older_ = std::exchange(other.has_older_, false);
  return *this;
}

Arena::~Arena() { Clear(); }

std::string_view Arena::Copy(std::string_view text) {
  if (text.empty()) return {};
  char* place = static_cast<char*>(Allocate(text.size()));
  std::memcpy(place, text.data(), text.size());
  return {place, text.size()};
}

void Arena::ResetChunks() noexcept {
  if (CheckedFromOutside()) return Clear();
  while (chunk_->older != nullptr) {
    Chunk* older = chunk_->older;
    Unpoison(chunk_->Data(), chunk_->capacity);
    std::free(chunk_);
    chunk_ = older;
  }
  next_ = chunk_->Data();
  end_ = next_ + chunk_->capacity;
  has_older_ = false;
  Poison(chunk_->Data(), chunk_->capacity);
}

void Arena::Clear() noexcept {
  while (chunk_ != nullptr) {
    Chunk* older = chunk_->older;
    Unpoison(chunk_->Data(), chunk_->capacity);
    std::free(chunk_);
    chunk_ = older;
  }
  first_ = nullptr;
  next_ = nullptr;
  end_ = nullptr;
  has_older_ = false;
}

// Chunks double up to kChunkBytesMax; one larger request gets a chunk of its own size.
void* Arena::Grow(size_t size, size_t align) {
  const size_t last = chunk_ == nullptr ? kFirstChunkBytes / 2 : chunk_->capacity;
  const size_t capacity = std::max(std::min(last * 2, kChunkBytesMax), size + align);
  auto* chunk = static_cast<Chunk*>(std::malloc(sizeof(Chunk) + capacity));
  if (chunk == nullptr) throw std::bad_alloc();
  chunk->older = chunk_;
  chunk->capacity = capacity;
  if (chunk_ == nullptr) first_ = chunk->Data();
  has_older_ = chunk_ != nullptr || CheckedFromOutside();  // Reset must free it
  chunk_ = chunk;
  next_ = chunk->Data();
  end_ = next_ + capacity;
  Poison(next_, capacity);
  return Allocate(size, align);
}

}  // namespace hon
