// The calls of a connection: output, deadlines, addresses. Input and end: connection_life.cc;
// record layers: connection_records.cc.

#include "hon/netpoll/connection.h"

#include <netinet/in.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "hon/base/assert.h"
#include "hon/base/flatten.h"
#include "hon/io/io.h"
#include "hon/netpoll/loop.h"
#include "netpoll/backend.h"
#include "netpoll/connection_io.h"
#include "netpoll/connection_records.h"
#include "netpoll/loop_io.h"
#include "netpoll/no_memory.h"

namespace hon::netpoll {
namespace {

// Blocks in one send; more follow with the next.
constexpr int kSendPartsMax = 16;

constexpr std::array kDeadlineKinds = {DeadlineKind::kRead, DeadlineKind::kWrite,
                                       DeadlineKind::kIdle};

// The first blocks of a buffer, for one send.
struct FrontParts {
  explicit FrontParts(const io::LinkBuffer& from) {
    from.ForEach([this](std::string_view part) {
      if (count == kSendPartsMax) return;
      parts[static_cast<size_t>(count++)] = {const_cast<char*>(part.data()), part.size()};
      bytes += part.size();
    });
  }

  std::array<iovec, kSendPartsMax> parts;
  int count = 0;
  size_t bytes = 0;
};

}  // namespace

Connection::Connection(Loop& loop, EventHandler& handler, int fd, Phase phase)
    : in_(loop.Blocks()),
      out_(loop.Blocks()),
      loop_(&loop),
      handler_(&handler),
      fd_(fd),
      phase_(phase) {}

Connection::~Connection() = default;

void EventHandler::OnTimeout(Connection& c, [[maybe_unused]] DeadlineKind kind) {
  c.Close(CloseHow::kAbort);
}

// Output.

Error Connection::Flush() {
  if (phase_ == Phase::kHandshaking) return {};  // output is sent once the phase is kOpen
  if (phase_ != Phase::kOpen) return io::ErrClosed;
  if ((flags_ & kOutBlocked) != 0) return {};
  return SendSome();
}

[[gnu::always_inline]] inline Result<size_t> ConnectionIo::Sent(Connection& c, ssize_t result) {
  if (result == -EAGAIN) return size_t{0};
  if (result < 0) [[unlikely]] {
    Error why = Error::System(static_cast<int>(-result), "send");
    c.Break(why);
    return Fail(std::move(why));
  }
  if (result > 0 && c.phase_ == Connection::Phase::kFlushing) {
    // The time limit of a close counts from the last progress.
    c.deadlines_[static_cast<size_t>(DeadlineKind::kIdle)] = c.loop_->Now() + kFlushOnCloseTime;
  }
  return static_cast<size_t>(result);
}

// Returns the number of bytes that the socket took: 0 when it is full.
[[gnu::always_inline]] inline Result<size_t> Connection::SendParts(const iovec* parts, int count) {
  return ConnectionIo::Sent(*this, LoopIo::BackendOf(*loop_).Send(fd_, parts, count));
}

// Sends the front of `from` with one call. Returns false when the socket has not taken all of it.
[[gnu::always_inline]] inline Result<bool> Connection::SendFront(io::LinkBuffer& from) {
  const auto send = [ this, &from ](const iovec* parts, int count, size_t asked)
                        __attribute__((always_inline))
                            ->Result<bool> {
    const Result<size_t> sent = SendParts(parts, count);
    if (!sent) [[unlikely]]
      return Fail(sent.error());
    const Error skipped = from.Skip(*sent);
    HON_ASSERT(!skipped);
    return *sent == asked;
  };
  // Apart, so that a buffer of one block is sent without a frame that has an array.
  const auto send_blocks = [&]() __attribute__((noinline))->Result<bool> {
    const FrontParts front(from);
    return send(front.parts.data(), front.count, front.bytes);
  };
  const std::string_view front = from.Front();
  if (front.size() != from.Len()) [[unlikely]]
    return send_blocks();
  const iovec part{const_cast<char*>(front.data()), front.size()};
  return send(&part, 1, front.size());
}

[[gnu::noinline]] Result<bool> ConnectionIo::SendMoreSealed(Connection& c) {
  io::LinkBuffer& sealed = c.records_->buffers->sealed;
  const FrontParts front(sealed);
  const Result<size_t> sent =
      Sent(c, LoopIo::BackendOf(*c.loop_).SendMore(c.fd_, front.parts.data(), front.count));
  if (!sent) return Fail(sent.error());
  const Error skipped = sealed.Skip(*sent);
  HON_ASSERT(!skipped);
  return *sent == front.bytes;
}

Error Connection::SendNow(std::string_view head, std::string_view body) {
  HON_RETURN_IF_ERROR(Flush());
  if (records_ != nullptr) [[unlikely]]
    return SendNowSealed(head, body);
  if (out_.Empty()) {
    const std::array<iovec, 2> parts = {iovec{const_cast<char*>(head.data()), head.size()},
                                        iovec{const_cast<char*>(body.data()), body.size()}};
    Result<size_t> sent = SendParts(parts.data(), 2);
    if (!sent) return std::move(sent.error());
    if (*sent == head.size() + body.size()) return {};
    const size_t of_head = std::min(*sent, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(*sent - of_head);
    BlockOutput();
  }
  out_.Write(head);
  out_.Write(body);
  return {};
}

HON_NO_CANARY Error Connection::SendSome() {
  if (records_ != nullptr) [[unlikely]]
    return SendSealed();
  while (!out_.Empty()) {
    const Result<bool> whole = SendFront(out_);
    if (!whole) return whole.error();
    // A short send means a full socket: another call would fail.
    if (!*whole) {
      BlockOutput();
      return {};
    }
  }
  OutputDrained();
  return {};
}

// Sends the sealed bytes, seals more as room for it is freed, and ends our direction when that is
// due.
Error Connection::SendSealed() {
  for (;;) {
    if (Error why = SealSome()) {
      Break(why);
      return why;
    }
    Records::Buffers* const buffers = records_->buffers.get();
    if (buffers == nullptr || buffers->sealed.Empty()) break;
    const bool more = records_->more_follows || !out_.Empty();
    const Result<bool> whole =
        more ? ConnectionIo::SendMoreSealed(*this) : SendFront(buffers->sealed);
    if (!whole) return whole.error();
    if (!*whole) {
      BlockOutput();
      return {};
    }
    if (out_.Empty()) break;
  }
  OutputDrained();
  return {};
}

void Connection::BlockOutput() {
  flags_ |= kOutBlocked;
  LoopIo::BackendOf(*loop_).WatchWritable(*this);
}

inline void Connection::OutputDrained() {
  if (phase_ == Phase::kFlushing) {
    FinishFlushed();
  } else if ((flags_ & (kWriteEndWanted | kWriteEnded)) == kWriteEndWanted) {
    flags_ |= kWriteEnded;
    LoopIo::BackendOf(*loop_).EndWrite(fd_);
  }
}

void Connection::OnWritableReady() {
  if (phase_ == Phase::kConnecting) return LoopIo::ConnectProgress(*this);
  bool tell = (flags_ & kWantsWritable) != 0;
  if ((flags_ & kOutBlocked) != 0) {
    flags_ &= static_cast<uint16_t>(~kOutBlocked);
    if (SendSome() || (flags_ & kOutBlocked) != 0) return;
    tell = true;
  }
  flags_ &= static_cast<uint16_t>(~kWantsWritable);
  if (tell && phase_ == Phase::kOpen) {
    OrCut(*this, [this] { handler_->OnWritable(*this); });
  }
}

Result<size_t> Connection::SendFileSome(const io::File& file, int64_t offset, size_t count) {
  HON_ASSERT(out_.Empty());
  if (phase_ != Phase::kOpen) return Fail(io::ErrClosed);
  if (count == 0) return size_t{0};
  if (records_ != nullptr) [[unlikely]]
    return SealFileSome(file, offset, count);
  const ssize_t sent = LoopIo::BackendOf(*loop_).SendFile(fd_, file.Fd(), offset, count);
  if (sent > 0) return static_cast<size_t>(sent);
  if (sent == 0) return Fail(io::ErrUnexpectedEof);
  if (sent == -EAGAIN) return size_t{0};
  const auto code = static_cast<int>(-sent);
  Error why = Error::System(code, "sendfile");
  // A fault of the file leaves the connection as it was.
  if (code != EINVAL && code != EIO && code != ENOSYS && code != EOVERFLOW) Break(why);
  return Fail(std::move(why));
}

void Connection::WantWritable() {
  if (phase_ != Phase::kOpen) return;
  flags_ |= kWantsWritable;
  LoopIo::BackendOf(*loop_).WatchWritable(*this);
}

void Connection::CloseWrite() {
  if (phase_ != Phase::kOpen) return;
  flags_ |= kWriteEndWanted;
  MarkDirty();
}

// Deadlines. The timer is re-armed only for a deadline earlier than its own; a deadline that has
// moved to a later time is noticed when the timer fires.

void Connection::ArmTimer(TimePoint deadline) {
  armed_for_ = deadline;
  loop_->Timers().Arm(*this, deadline);
}

void Connection::OnTimer() {
  armed_for_ = kNever;
  const TimePoint now = loop_->Now();
  for (const DeadlineKind kind : kDeadlineKinds) {
    TimePoint& deadline = deadlines_[static_cast<size_t>(kind)];
    if (deadline > now) continue;
    deadline = kNever;
    if (IsActive()) {
      OrCut(*this, [this, kind] { handler_->OnTimeout(*this, kind); });
    } else {
      Break(io::ErrDeadlineExceeded);
    }
  }
  TimePoint earliest = *std::min_element(deadlines_.begin(), deadlines_.end());
  if (phase_ == Phase::kHandshaking && records_ != nullptr) {
    if (records_->deadline <= now) return Break(io::ErrDeadlineExceeded);
    earliest = std::min(earliest, records_->deadline);
  }
  if (phase_ != Phase::kClosed && earliest < armed_for_) ArmTimer(earliest);
}

// Addresses.

std::string Connection::LocalAddr() const {
  if (fd_ < 0) return {};
  const Result<SocketAddress> address = LoopIo::BackendOf(*loop_).LocalAddress(fd_);
  std::array<char, kAddressTextMax> text;
  return address ? std::string(FormatAddress(*address, text)) : std::string();
}

std::string Connection::RemoteAddr() const {
  std::array<char, kAddressTextMax> text;
  return std::string(FormatRemoteAddr(text));
}

void Connection::LearnPeerName() const {
  if (fd_ < 0) return;
  const Result<SocketAddress> address = LoopIo::BackendOf(*loop_).PeerAddress(fd_);
  if (address) KeepPeerName(*address);
}

bool Connection::SetRemoteAddr(std::string_view address) {
  const Result<std::vector<SocketAddress>> peers =
      ResolveAddress(address, AddressUse::kDial, /*numeric_only=*/true);
  if (!peers || peers->empty() || IsUnixAddress(address)) return false;
  peer_ = {};
  KeepPeerName(peers->front());
  return true;
}

void Connection::KeepPeerName(const SocketAddress& address) const {
  peer_.family = static_cast<uint8_t>(address.Family());
  std::array<char, kAddressTextMax> text;
  const std::string_view shown = FormatAddress(address, text);
  if (shown.size() <= peer_.bytes.size()) {
    peer_.text_size = static_cast<uint8_t>(shown.copy(peer_.bytes.data(), shown.size()));
  } else if (address.Family() == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address.storage);
    std::memcpy(peer_.bytes.data(), &six.sin6_addr, sizeof(six.sin6_addr));
    std::memcpy(peer_.bytes.data() + PeerName::kPort, &six.sin6_port, sizeof(six.sin6_port));
    std::memcpy(peer_.bytes.data() + PeerName::kScope, &six.sin6_scope_id,
                sizeof(six.sin6_scope_id));
  }
}

std::string_view Connection::FormatLongRemoteAddr(std::span<char> into) const {
  if (peer_.family == 0) {
    LearnPeerName();
    if (peer_.text_size != 0) return FormatRemoteAddr(into);
  }
  SocketAddress address;
  address.storage.ss_family = peer_.family;
  if (peer_.family == AF_INET6) {
    auto& six = reinterpret_cast<sockaddr_in6&>(address.storage);
    std::memcpy(&six.sin6_addr, peer_.bytes.data(), sizeof(six.sin6_addr));
    std::memcpy(&six.sin6_port, peer_.bytes.data() + PeerName::kPort, sizeof(six.sin6_port));
    std::memcpy(&six.sin6_scope_id, peer_.bytes.data() + PeerName::kScope,
                sizeof(six.sin6_scope_id));
  } else if (peer_.family == AF_UNIX && fd_ >= 0) {
    // Too long to be kept; most such peers have no name at all.
    const Result<SocketAddress> peer = LoopIo::BackendOf(*loop_).PeerAddress(fd_);
    if (peer) return FormatAddress(*peer, into);
  }
  return FormatAddress(address, into);
}

}  // namespace hon::netpoll
