#include "netpoll/readiness_backend.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <span>
#include <utility>

#include "netpoll/socket_calls.h"

namespace hon::netpoll {
namespace {

// The share of one connection in a turn; the rest waits for the next turn.
constexpr unsigned kReceivesPerTurnMax = 4;
// Five blocks are kInputHighWaterBytes and more: a connection that is behind is filled by one call.
constexpr size_t kBlocksAtOnce = 5;
// Less room than this at the end of the input is not worth a system call.
constexpr size_t kTailRoomMin = io::kBlockBytes / 4;

}  // namespace

void ReadinessBackend::Sync(Connection& c) {
  const bool waits = ConnectionIo::Has(c, ConnectionIo::Flag::kInputWaits);
  if (waits && ConnectionIo::WantsInput(c)) PushReady(c);
}

// Input for which there is no memory costs its connection.
void ReadinessBackend::Receive(Connection& c, bool much) {
  if (ConnectionIo::Handshaking(c)) [[unlikely]]
    return ConnectionIo::QueueHandshake(c);
  try {
    if (ReceiveSome(c, much)) Note(c);
  } catch (const std::bad_alloc&) {
    ConnectionIo::InputFailed(c, ENOMEM);
  }
}

void ReadinessBackend::ReceiveHandshake(Connection& c) {
  if (!ConnectionIo::Has(c, ConnectionIo::Flag::kInputWaits)) return;
  try {
    ReceiveSome(c, false);
  } catch (const std::bad_alloc&) {
    ConnectionIo::InputFailed(c, ENOMEM);
  }
}

// Returns true when the handler is to be called. `much`: one block is not expected to be enough.
bool ReadinessBackend::ReceiveSome(Connection& c, bool much) {
  bool moved = false;
  for (unsigned i = 0; ConnectionIo::WantsInput(c); ++i) {
    if (i == kReceivesPerTurnMax) {
      PushReady(c);
      break;
    }
    bool filled = false;
    const ssize_t n = i == 0 && !much ? ReceiveOnce(c, &filled) : ReceiveMore(c, &filled);
    if (n > 0) {
      moved = true;
      // A short receive empties the socket, so asking again would be in vain; unless the end of
      // the stream is behind it, which has no event of its own any more, or an urgent mark, at
      // which every receive ends (tcp(7)).
      if (filled || ConnectionIo::Has(c, ConnectionIo::Flag::kPeerFinished) ||
          ConnectionIo::Has(c, ConnectionIo::Flag::kUrgentSeen)) {
        continue;
      }
      ConnectionIo::Unset(c, ConnectionIo::Flag::kInputWaits);
      break;
    }
    ConnectionIo::Unset(c, ConnectionIo::Flag::kInputWaits);
    if (n == -EAGAIN) break;
    if (n == 0) {
      moved = true;
      ConnectionIo::InputEnded(c);
      break;
    }
    if (moved) ConnectionIo::DeliverInput(c);
    ConnectionIo::InputFailed(c, static_cast<int>(-n));
    return false;
  }
  return moved;
}

void ReadinessBackend::Note(Connection& c) {
  received_[received_count_++] = &c;
  // Many bytes push those of other connections out of the caches.
  const bool many = c.Reader().Len() >= io::kBlockBytes;
  if (many || received_count_ == received_.size()) DeliverReceived();
}

void ReadinessBackend::DeliverReceived() {
  const size_t count = std::exchange(received_count_, 0);
  for (size_t i = 0; i < count; ++i) ConnectionIo::DeliverInput(*received_[i]);
}

ssize_t ReadinessBackend::ReceiveOnce(Connection& c, bool* filled) {
  const std::span<char> tail = ConnectionIo::InputTail(c);
  if (tail.size() < kTailRoomMin) return ReceiveBlock(c, *blocks_, filled);
  const ssize_t n =
      Uninterrupted([&] { return ::recv(c.Fd(), tail.data(), tail.size(), MSG_DONTWAIT); });
  *filled = n == static_cast<ssize_t>(tail.size());
  if (n > 0) ConnectionIo::ReceivedInTail(c, static_cast<size_t>(n));
  return n;
}

// Where one block was not enough, several at once save system calls.
ssize_t ReadinessBackend::ReceiveMore(Connection& c, bool* filled) {
  std::array<io::Block*, kBlocksAtOnce> blocks;
  std::array<iovec, kBlocksAtOnce> parts;
  size_t room = 0;
  size_t count = 0;
  try {
    for (; count < kBlocksAtOnce; ++count) {
      blocks[count] = blocks_->Get();
      parts[count] = {blocks[count]->data, blocks[count]->capacity};
      room += blocks[count]->capacity;
    }
  } catch (const std::bad_alloc&) {
    if (count == 0) throw;  // else fewer blocks have to do
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  const ssize_t n = Uninterrupted([&] { return ::recvmsg(c.Fd(), &message, MSG_DONTWAIT); });
  *filled = n == static_cast<ssize_t>(room);
  size_t left = n > 0 ? static_cast<size_t>(n) : 0;
  for (io::Block* const block : std::span(blocks).first(count)) {
    const size_t part = std::min<size_t>(left, block->capacity);
    left -= part;
    const bool kept = part != 0 && ConnectionIo::ReceivedBlock(c, block, part);
    if (!kept) io::BlockPool::Unref(block);
  }
  return n;
}

void ReadinessBackend::PushReady(Connection& c) {
  if (ConnectionIo::Holds(c, ConnectionIo::Hold::kInReadyList)) return;
  ConnectionIo::TakeHold(c, ConnectionIo::Hold::kInReadyList);
  (ready_last_ != nullptr ? ConnectionIo::ReadyNext(*ready_last_) : ready_first_) = &c;
  ready_last_ = &c;
}

void ReadinessBackend::DeliverReady() {
  Connection* c = std::exchange(ready_first_, nullptr);
  ready_last_ = nullptr;
  while (c != nullptr) {
    Connection* next = std::exchange(ConnectionIo::ReadyNext(*c), nullptr);
    ConnectionIo::DropHold(*c, ConnectionIo::Hold::kInReadyList);
    if (ConnectionIo::WantsInput(*c)) Receive(*c, true);
    c = next;
  }
  DeliverReceived();
}

}  // namespace hon::netpoll
