#include "netpoll/connection_slab.h"

#include <new>

#include "hon/base/assert.h"
#include "hon/base/sanitizer.h"

namespace hon::netpoll {
namespace {

constexpr uint64_t kAllUsed = (uint64_t{1} << ConnectionSlab::kPerChunk) - 1;

}  // namespace

ConnectionSlab::~ConnectionSlab() {
  HON_ASSERT(live_ == 0);
  while (all_ != nullptr) RemoveChunk(all_);
}

Connection* ConnectionSlab::Chunk::At(unsigned place) {
  char* memory = reinterpret_cast<char*>(this) + kHeaderBytes + place * sizeof(Connection);
  return reinterpret_cast<Connection*>(memory);
}

Connection& ConnectionSlab::New(Loop& loop, EventHandler& handler, int fd, bool connecting) {
  Chunk* chunk = with_room_ != nullptr ? with_room_ : AddChunk();
  const auto place = static_cast<unsigned>(std::countr_one(chunk->used));
  Connection* memory = chunk->At(place);
  Unpoison(memory, sizeof(Connection));
  const auto phase = connecting ? Connection::Phase::kConnecting : Connection::Phase::kOpen;
  auto* c = new (memory) Connection(loop, handler, fd, phase);
  chunk->used |= uint64_t{1} << place;
  if (chunk->used == kAllUsed) UnlinkRoom(chunk);
  ++live_;
  return *c;
}

void ConnectionSlab::Delete(Connection& c) {
  const auto address = reinterpret_cast<uintptr_t>(&c);
  auto* chunk = reinterpret_cast<Chunk*>(address & ~(uintptr_t{kChunkBytes} - 1));
  const auto place = static_cast<unsigned>(
      (address - reinterpret_cast<uintptr_t>(chunk) - kHeaderBytes) / sizeof(Connection));
  HON_ASSERT((chunk->used & (uint64_t{1} << place)) != 0);
  c.~Connection();
  Poison(&c, sizeof(Connection));
  --live_;
  if (chunk->used == kAllUsed) LinkRoom(chunk);
  chunk->used &= ~(uint64_t{1} << place);
  if (chunk->used != 0) return;
  if (chunk->prev_with_room != nullptr || chunk->next_with_room != nullptr) RemoveChunk(chunk);
}

ConnectionSlab::Chunk* ConnectionSlab::AddChunk() {
  void* memory = ::operator new(kChunkBytes, std::align_val_t(kChunkBytes));
  auto* chunk = new (memory) Chunk;
  Poison(chunk->At(0), kPerChunk * sizeof(Connection));
  chunk->next = all_;
  if (all_ != nullptr) all_->prev = chunk;
  all_ = chunk;
  LinkRoom(chunk);
  ++chunks_;
  return chunk;
}

void ConnectionSlab::RemoveChunk(Chunk* chunk) {
  UnlinkRoom(chunk);
  if (chunk->prev != nullptr) chunk->prev->next = chunk->next;
  if (chunk->next != nullptr) chunk->next->prev = chunk->prev;
  if (all_ == chunk) all_ = chunk->next;
  Unpoison(chunk->At(0), kPerChunk * sizeof(Connection));
  ::operator delete(chunk, std::align_val_t(kChunkBytes));
  --chunks_;
}

void ConnectionSlab::LinkRoom(Chunk* chunk) {
  chunk->prev_with_room = nullptr;
  chunk->next_with_room = with_room_;
  if (with_room_ != nullptr) with_room_->prev_with_room = chunk;
  with_room_ = chunk;
}

void ConnectionSlab::UnlinkRoom(Chunk* chunk) {
  if (chunk->prev_with_room != nullptr) {
    chunk->prev_with_room->next_with_room = chunk->next_with_room;
  }
  if (chunk->next_with_room != nullptr) {
    chunk->next_with_room->prev_with_room = chunk->prev_with_room;
  }
  if (with_room_ == chunk) with_room_ = chunk->next_with_room;
  chunk->prev_with_room = chunk->next_with_room = nullptr;
}

}  // namespace hon::netpoll
