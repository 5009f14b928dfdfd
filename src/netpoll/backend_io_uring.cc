// The backend over Linux io_uring. One io_uring_enter per turn submits the requests of the turn and
// waits. A multishot receive stays armed for as long as a connection wants input, so a request of a
// kept-alive connection needs no submission at all.
//
// The ring belongs to the thread of the first turn. Requests made before that turn, or for a
// connection, are therefore only recorded, and submitted at the end of a turn.

#include "netpoll/backend_io_uring.h"

#include <liburing.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "hon/base/assert.h"
#include "netpoll/backend.h"
#include "netpoll/connection_io.h"
#include "netpoll/connection_slab.h"
#include "netpoll/loop_io.h"
#include "netpoll/provided_blocks.h"
#include "netpoll/uring.h"
#include "netpoll/uring_receive.h"

namespace hon::netpoll {
namespace {

using Io = ConnectionIo;

// When so much has come in one batch, more blocks would not make the batches better: what the cache
// cannot hold until it is looked at costs more than another turn.
constexpr size_t kReceivedAtOnceMax = size_t{128} << 10;
// With a wait that is over at once the kernel makes at least so many completions, if it has them
// (IO_LOCAL_TW_DEFAULT_MAX of Linux 6.13 is 20), and leaves the rest to the next wait.
constexpr unsigned kFullWait = 16;
// Blocks that are received into before one step of a handshake. The largest ClientHello needs two.
constexpr unsigned kHandshakeBlocksMax = 4;
// The connection receives by PrepareFlow. The flag means another thing to the backends over
// readiness.
constexpr Io::Flag kFlows = Io::Flag::kInputWaits;
// Blocks that a connection is expected to fill in a batch of that size.
constexpr size_t kBlocksEach = 4;

// The operation of a completion, in the low bits of its owner's pointer.
enum class Op : uintptr_t {
  kReceive = 0,
  kCancelReceive = 1,
  kWritable = 2,
  kPeer = 3,
  kAccept = 4,
  kCancelAccept = 5,
  kWakeup = 6,
  kIgnored = 7,
};
constexpr uintptr_t kOpMask = 7;
static_assert(alignof(Connection) > kOpMask && alignof(Acceptor) > kOpMask);

uint64_t Tagged(const void* object, Op op) {
  return reinterpret_cast<uintptr_t>(object) | static_cast<uintptr_t>(op);
}

class IoUringBackend final : public Backend {
 public:
  ~IoUringBackend() override;
  Error Init();

  [[nodiscard]] BackendKind Kind() const override { return BackendKind::kIoUring; }
  void Bind(Loop& loop) override {
    loop_ = &loop;
    blocks_.Provide(loop.Blocks());
  }
  void Wait(Duration wait_max) override;
  bool Deliver() override;
  [[nodiscard]] bool HasReady() const override { return false; }
  [[nodiscard]] bool MoreEvents() const override { return completed_ >= kFullWait; }
  void Wake() override;
  void Trim() override;
  void StartAccept(Acceptor& acceptor) override;
  void StopAccept(Acceptor& acceptor) override;
  void CloseAcceptor(Acceptor& acceptor) override;
  /// Nothing is armed before the connection is established and wants input.
  Error Attach(Connection&) override { return {}; }
  void Sync(Connection& c) override;
  void ReceiveHandshake(Connection& c) override;
  void WatchWritable(Connection& c) override;
  void Close(Connection& c) override;

 private:
  void TakeThread();
  [[nodiscard]] io_uring_sqe* Submission();
  void Recover();
  unsigned Complete();
  void CloseInOrder(int fd);
  [[nodiscard]] bool OnThread() const { return thread_ == std::this_thread::get_id(); }
  void Poll(int fd, uint32_t events, uint64_t data);
  void Cancel(uint64_t target, uint64_t data);
  void CancelReceive(Connection& c);
  void WatchPeer(Connection& c);
  void WatchHandshake(Connection& c);
  void ReceiveAgainIfUntold();
  void CancelAccept(Acceptor& acceptor);

  void OnCompletion(const io_uring_cqe& cqe);
  void OnReceived(Connection& c, const io_uring_cqe& cqe);
  void TakeBlocks(Connection& c, uint16_t id, int result);
  static void NoteFlow(Connection& c, size_t received);
  void OnReceiveCancelled(Connection& c, int result);
  void OnWritable(Connection& c);
  void OnPeer(Connection& c, int result);
  void OnAcceptable(Acceptor& acceptor, int result);
  void OnAcceptCancelled(Acceptor& acceptor, int result);
  void WatchWakeup();
  void PushReady(Connection& c);
  void DeliverReady();
  void ArmStarved();

  Loop* loop_ = nullptr;
  ProvidedBlocks blocks_;  // outlives the ring
  Ring ring_;
  int wakeup_ = -1;
  std::thread::id thread_;  // none until the first turn
  bool recovering_ = false;
  bool bundles_ = false;              // the kernel can receive into several blocks at once
  std::vector<int> closing_;          // descriptors that were given up on another thread
  std::vector<Acceptor*> acceptors_;  // that want connections
  size_t received_ = 0;               // in this batch
  unsigned completed_ = 0;            // operations, in the last batch
  // Connections that found no block, while no more are to be provided, in the order of their
  // failures.
  std::vector<Connection*> starved_;
  // Connections whose peer has left in this batch while their receive is armed.
  std::vector<Connection*> peer_left_;
  // Connections whose input has changed in this batch, to be notified once it is complete.
  Connection* ready_first_ = nullptr;
  Connection* ready_last_ = nullptr;
};

Error IoUringBackend::Init() {
  HON_RETURN_IF_ERROR(ring_.Init(IORING_SETUP_R_DISABLED));
  HON_RETURN_IF_ERROR(blocks_.Register(*ring_.Get()));
  bundles_ = ring_.ReceivesBundles();
  wakeup_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return wakeup_ < 0 ? Error::System(errno, "eventfd") : Error();
}

IoUringBackend::~IoUringBackend() {
  // On the ring's own thread, operations in flight are ended in order; elsewhere the kernel ends
  // them some time after the end of the ring.
  if (OnThread()) Wait(Duration::zero());
  ring_.Exit();
  for (const int fd : closing_) ::close(fd);
  if (wakeup_ >= 0) ::close(wakeup_);
}

// Submitting.

// Where the kernel refuses, which it did not when the backend was chosen, the next turn asks again.
void IoUringBackend::TakeThread() {
  if (thread_ != std::thread::id() || ring_.Enable()) return;
  thread_ = std::this_thread::get_id();
  WatchWakeup();
  for (Acceptor* acceptor : acceptors_) StartAccept(*acceptor);
}

io_uring_sqe* IoUringBackend::Submission() {
  HON_ASSERT(OnThread());
  return ring_.Next();
}

void IoUringBackend::Poll(int fd, uint32_t events, uint64_t data) {
  io_uring_sqe* sqe = Submission();
  io_uring_prep_poll_add(sqe, fd, events);
  sqe->user_data = data;
}

void IoUringBackend::Cancel(uint64_t target, uint64_t data) {
  io_uring_sqe* sqe = Submission();
  io_uring_prep_cancel64(sqe, target, 0);
  sqe->user_data = data;
}

void IoUringBackend::CancelReceive(Connection& c) {
  if (!Io::Holds(c, Io::Hold::kRecvInFlight) || Io::Holds(c, Io::Hold::kCancelInFlight)) return;
  Io::TakeHold(c, Io::Hold::kCancelInFlight);
  Cancel(Tagged(&c, Op::kReceive), Tagged(&c, Op::kCancelReceive));
}

void IoUringBackend::CloseInOrder(int fd) {
  // Submissions run in their order, so the close comes after a receive that is armed, or cancelled,
  // in the same batch.
  io_uring_sqe* sqe = Submission();
  io_uring_prep_close(sqe, fd);
  sqe->user_data = Tagged(nullptr, Op::kIgnored);
}

// Waiting.

void IoUringBackend::Wait(Duration wait_max) {
  if (OnThread()) {
    for (const int fd : std::exchange(closing_, {})) CloseInOrder(fd);
  }
  ring_.Enter(wait_max);
}

void IoUringBackend::Wake() {
  // The poll reports each write, so the counter is never read back; it cannot overflow in any
  // process lifetime.
  const uint64_t one = 1;
  ssize_t n;
  do {
    n = ::write(wakeup_, &one, sizeof(one));
  } while (n < 0 && errno == EINTR);
}

// Elsewhere a completion could name a block at any time.
void IoUringBackend::Trim() {
  if (OnThread() && ring_.CompletesInWaitsOnly() && ring_.AllTaken()) blocks_.Shrink();
}

void IoUringBackend::WatchWakeup() {
  io_uring_sqe* sqe = Submission();
  io_uring_prep_poll_multishot(sqe, wakeup_, POLLIN);
  sqe->user_data = Tagged(nullptr, Op::kWakeup);
}

bool IoUringBackend::Deliver() {
  TakeThread();
  completed_ = Complete();
  const bool any = completed_ != 0;
  if (ring_.TakeLost()) [[unlikely]]
    Recover();
  return any;
}

unsigned IoUringBackend::Complete() {
  const unsigned count = io_uring_cq_ready(ring_.Get());
  if (count == 0) return 0;
  received_ = 0;
  unsigned head = *ring_.Get()->cq.khead;
  const unsigned mask = *ring_.Get()->cq.kring_mask;
  for (const unsigned end = head + count; head != end; ++head) {
    OnCompletion(ring_.Get()->cq.cqes[head & mask]);
  }
  io_uring_cq_advance(ring_.Get(), count);
  blocks_.Publish();
  DeliverReady();
  ReceiveAgainIfUntold();
  ArmStarved();
  return count;
}

// Bytes of any connection may have been in the lost completions, so all connections are broken.
// Everything in flight is cancelled; an operation that has then not completed never will.
void IoUringBackend::Recover() {
  ConnectionSlab& slab = LoopIo::SlabOf(*loop_);
  slab.ForEach([](Connection& c) {
    if (!Io::Connecting(c)) Io::Failed(c, Error::System(EBADR, "io_uring"));
  });
  ring_.Enter(Duration::zero());
  // An entry that the kernel takes later would name a connection that is no more.
  if (!ring_.AllSubmitted()) return ring_.SetLost();
  recovering_ = true;
  io_uring_sync_cancel_reg all{};
  all.fd = -1;
  all.flags = IORING_ASYNC_CANCEL_ANY;
  all.timeout = {.tv_sec = -1, .tv_nsec = -1};
  // A failure means that there is nothing to cancel.
  static_cast<void>(io_uring_register_sync_cancel(ring_.Get(), &all));
  do {
    ring_.Enter(Duration::zero());
  } while (Complete() != 0);
  slab.ForEach([](Connection& c) {
    for (const Io::Hold hold : {Io::Hold::kRecvInFlight, Io::Hold::kCancelInFlight,
                                Io::Hold::kWritableInFlight, Io::Hold::kPeerPollInFlight}) {
      Io::ReleaseHold(c, hold);
    }
    if (!Io::Connecting(c)) return;
    Io::Set(c, Io::Flag::kWatchWanted);
    Io::RequestSync(c);
  });
  recovering_ = false;
  LoopIo::ForEachAcceptor(
      *loop_, [](Acceptor& acceptor) { acceptor.in_flight = acceptor.cancel_in_flight = false; });
  for (Acceptor* acceptor : std::vector(acceptors_)) StartAccept(*acceptor);
  WatchWakeup();
}

void IoUringBackend::OnCompletion(const io_uring_cqe& cqe) {
  const auto op = static_cast<Op>(cqe.user_data & kOpMask);
  const auto address = static_cast<uintptr_t>(cqe.user_data & ~uint64_t{kOpMask});
  auto* c = reinterpret_cast<Connection*>(address);
  auto* acceptor = reinterpret_cast<Acceptor*>(address);
  switch (op) {
    case Op::kReceive:
      return OnReceived(*c, cqe);
    case Op::kCancelReceive:
      return OnReceiveCancelled(*c, cqe.res);
    case Op::kWritable:
      return OnWritable(*c);
    case Op::kPeer:
      return OnPeer(*c, cqe.res);
    case Op::kAccept:
      return OnAcceptable(*acceptor, cqe.res);
    case Op::kCancelAccept:
      return OnAcceptCancelled(*acceptor, cqe.res);
    case Op::kWakeup:
      if ((cqe.flags & IORING_CQE_F_MORE) == 0 && !recovering_) WatchWakeup();
      return;
    case Op::kIgnored:
      return;
  }
}

// Receiving.

void IoUringBackend::Sync(Connection& c) {
  if (Io::Has(c, Io::Flag::kWatchWanted)) {
    Io::Unset(c, Io::Flag::kWatchWanted);
    Io::TakeHold(c, Io::Hold::kWritableInFlight);
    Poll(c.Fd(), POLLOUT, Tagged(&c, Op::kWritable));
  }
  if (Io::Connecting(c)) return;
  if (Io::WantsInput(c)) {
    // A receive that is being cancelled is armed again at the answer to the cancellation.
    if (Io::Holds(c, Io::Hold::kRecvInFlight) || Io::Holds(c, Io::Hold::kStarved)) return;
    if (Io::Handshaking(c)) return WatchHandshake(c);
    Io::TakeHold(c, Io::Hold::kRecvInFlight);
    if (Io::Has(c, kFlows)) return PrepareFlow(Submission(), c.Fd(), Tagged(&c, Op::kReceive));
    return PrepareReceive(Submission(), c.Fd(), Tagged(&c, Op::kReceive));
  }
  CancelReceive(c);
  // The poll of the peer would be in the way of the handshake's, whose next step sees all of it.
  if (!Io::Handshaking(c)) WatchPeer(c);
}

// Input of a handshake is only watched for, and stays in the socket until the step is due: among
// thousands of handshakes that begin at once, established connections would wait for the receives.
void IoUringBackend::WatchHandshake(Connection& c) {
  if (Io::Holds(c, Io::Hold::kPeerPollInFlight)) return;
  Io::TakeHold(c, Io::Hold::kPeerPollInFlight);
  Poll(c.Fd(), POLLIN | POLLRDHUP, Tagged(&c, Op::kPeer));
}

void IoUringBackend::ReceiveHandshake(Connection& c) {
  HON_ASSERT(!Io::Holds(c, Io::Hold::kRecvInFlight));
  bool filled = true;
  for (unsigned i = 0; i < kHandshakeBlocksMax && filled && Io::WantsInput(c); ++i) {
    ssize_t n = 0;
    try {
      n = ReceiveBlock(c, loop_->Blocks(), &filled);
    } catch (const std::bad_alloc&) {
      n = -ENOMEM;
    }
    if (n == -EAGAIN) break;
    if (n < 0) return Io::InputFailed(c, static_cast<int>(-n));
    if (n == 0) return Io::InputEnded(c);
  }
  Io::RequestSync(c);
}

void IoUringBackend::WatchPeer(Connection& c) {
  if (Io::Holds(c, Io::Hold::kPeerPollInFlight)) return;
  Io::TakeHold(c, Io::Hold::kPeerPollInFlight);
  // Without POLLRDHUP, which is already known, the poll reports a reset.
  Poll(c.Fd(), c.PeerFinished() ? 0 : POLLRDHUP, Tagged(&c, Op::kPeer));
}

// `result` bytes were received, into the block `id` and those behind it.
void IoUringBackend::TakeBlocks(Connection& c, uint16_t id, int result) {
  size_t left = result > 0 ? static_cast<size_t>(result) : 0;
  for (;;) {
    const size_t part = std::min<size_t>(left, blocks_.At(id)->capacity);
    bool kept = false;
    try {
      kept = part != 0 && Io::ReceivedBlock(c, blocks_.At(id), part);
    } catch (const std::bad_alloc&) {  // costs the connection
      Io::InputFailed(c, ENOMEM);
    }
    const uint16_t next = blocks_.Behind(id);
    blocks_.Recycle(id, kept);
    left -= part;
    if (left == 0) return;
    id = next;
  }
}

// The next receive is a long one, where this one has filled the input up to its high water mark.
void IoUringBackend::NoteFlow(Connection& c, size_t received) {
  if (Io::Has(c, Io::Flag::kPausedFull)) return Io::Set(c, kFlows);
  if (received < io::kBlockBytes) Io::Unset(c, kFlows);
}

void IoUringBackend::OnReceived(Connection& c, const io_uring_cqe& cqe) {
  const bool more = (cqe.flags & IORING_CQE_F_MORE) != 0;
  HON_ASSERT(Io::Holds(c, Io::Hold::kRecvInFlight));
  if (!more) Io::DropHold(c, Io::Hold::kRecvInFlight);
  if ((cqe.flags & IORING_CQE_F_BUFFER) != 0) {
    TakeBlocks(c, static_cast<uint16_t>(cqe.flags >> IORING_CQE_BUFFER_SHIFT), cqe.res);
  }
  if (cqe.res > 0) {
    received_ += static_cast<size_t>(cqe.res);
    if (bundles_) NoteFlow(c, static_cast<size_t>(cqe.res));
    PushReady(c);
  } else if (cqe.res == 0) {
    if (!Io::Closed(c)) Io::InputEnded(c);
    PushReady(c);
  } else if (cqe.res == -ENOBUFS) {
    const bool many = received_ >= kReceivedAtOnceMax;
    if (!many) blocks_.Grow();
    // Connections that found no block are armed before those that received.
    if (!Io::Closed(c) && !Io::Holds(c, Io::Hold::kInReadyList)) {
      if (!many) return Sync(c);
      Io::TakeHold(c, Io::Hold::kStarved);
      return starved_.push_back(&c);
    }
  }
  if (more || Io::Closed(c)) return;
  const bool failed = cqe.res < 0 && cqe.res != -ENOBUFS && cqe.res != -ECANCELED &&
                      cqe.res != -EINTR && cqe.res != -EAGAIN;
  if (!failed) return Io::RequestSync(c);
  // Bytes received before the failure are reported first.
  if (Io::Holds(c, Io::Hold::kInReadyList)) Io::DeliverInput(c);
  Io::InputFailed(c, -cqe.res);
}

void IoUringBackend::OnReceiveCancelled(Connection& c, int result) {
  Io::DropHold(c, Io::Hold::kCancelInFlight);
  // The kernel may have missed the event between two waits.
  const bool missed = result < 0 && Io::Holds(c, Io::Hold::kRecvInFlight);
  if (missed && (Io::Closed(c) || !Io::WantsInput(c))) CancelReceive(c);
}

void IoUringBackend::PushReady(Connection& c) {
  if (Io::Holds(c, Io::Hold::kInReadyList)) return;
  Io::TakeHold(c, Io::Hold::kInReadyList);
  (ready_last_ != nullptr ? Io::ReadyNext(*ready_last_) : ready_first_) = &c;
  ready_last_ = &c;
}

void IoUringBackend::DeliverReady() {
  Connection* c = std::exchange(ready_first_, nullptr);
  ready_last_ = nullptr;
  while (c != nullptr) {
    Connection* next = std::exchange(Io::ReadyNext(*c), nullptr);
    Io::DropHold(*c, Io::Hold::kInReadyList);
    Io::DeliverInput(*c);
    if (Io::WantsInput(*c)) WatchPeer(*c);
    c = next;
  }
}

// Linux (seen in 6.18) can lose the end of input that arrives close behind bytes: a multishot
// receive takes both wake-ups for one, delivers the bytes, and stays armed for ever. The poll of
// the peer has one event to report and cannot lose it. When the poll has reported an end that the
// receive has not, the receive is cancelled, and armed again: it then finds the rest.
void IoUringBackend::ReceiveAgainIfUntold() {
  for (Connection* c : peer_left_) {
    if (!Io::Closed(*c) && Io::WantsInput(*c)) CancelReceive(*c);
  }
  peer_left_.clear();
}

// Arms as many connections as there are blocks for: more would only fail again for lack of blocks.
// Armed connections have input waiting, so the next turn comes soon.
void IoUringBackend::ArmStarved() {
  size_t left = blocks_.Count() / kBlocksEach;
  auto next = starved_.begin();
  for (; next != starved_.end() && left != 0; ++next) {
    Connection& c = **next;
    Io::DropHold(c, Io::Hold::kStarved);
    if (Io::Closed(c)) continue;
    if (Io::WantsInput(c)) --left;
    Sync(c);
  }
  starved_.erase(starved_.begin(), next);
}

// The other completions of a connection.

void IoUringBackend::WatchWritable(Connection& c) {
  if (Io::Holds(c, Io::Hold::kWritableInFlight)) return;
  Io::Set(c, Io::Flag::kWatchWanted);
  Io::RequestSync(c);
}

void IoUringBackend::OnWritable(Connection& c) {
  Io::DropHold(c, Io::Hold::kWritableInFlight);
  if (!Io::Closed(c)) Io::Writable(c);
}

void IoUringBackend::OnPeer(Connection& c, int result) {
  Io::DropHold(c, Io::Hold::kPeerPollInFlight);
  if (Io::Handshaking(c)) return Io::QueueHandshake(c);
  if (result < 0 || Io::Closed(c)) return;
  // A poll that was meant for the handshake, and whose input the last step has received.
  if (result == POLLIN) return Io::RequestSync(c);
  // While input is wanted, the receive reports all of this, in order.
  if (Io::WantsInput(c)) return peer_left_.push_back(&c);
  // Bytes received before the end are reported first.
  if (Io::Holds(c, Io::Hold::kInReadyList)) Io::DeliverInput(c);
  const bool hung_up = (result & (POLLERR | POLLHUP)) != 0;
  Io::PeerLeft(c, hung_up);
  if (!hung_up && !Io::Closed(c)) Io::RequestSync(c);
}

void IoUringBackend::Close(Connection& c) {
  const int fd = c.Fd();
  Io::ForgetFd(c);
  if (!OnThread()) return closing_.push_back(fd);
  CancelReceive(c);
  if (Io::Holds(c, Io::Hold::kWritableInFlight)) {
    Cancel(Tagged(&c, Op::kWritable), Tagged(nullptr, Op::kIgnored));
  }
  if (Io::Holds(c, Io::Hold::kPeerPollInFlight)) {
    Cancel(Tagged(&c, Op::kPeer), Tagged(nullptr, Op::kIgnored));
  }
  CloseInOrder(fd);
}

// Accepting.

// The ring only tells that connections wait: a connection that the kernel hands over with a
// completion is lost where the completion meets a listener that has gone, and an accept that goes
// on by itself takes what other loops, which have less to do, could take.
void IoUringBackend::StartAccept(Acceptor& acceptor) {
  if (!std::exchange(acceptor.wanted, true)) acceptors_.push_back(&acceptor);
  if (acceptor.in_flight || !OnThread()) return;
  acceptor.in_flight = true;
  const uint32_t events = acceptor.exclusive ? POLLIN | EPOLLEXCLUSIVE : POLLIN;
  Poll(acceptor.fd, events, Tagged(&acceptor, Op::kAccept));
}

void IoUringBackend::StopAccept(Acceptor& acceptor) {
  if (!std::exchange(acceptor.wanted, false)) return;
  std::erase(acceptors_, &acceptor);
  if (OnThread()) CancelAccept(acceptor);
}

void IoUringBackend::CancelAccept(Acceptor& acceptor) {
  if (!acceptor.in_flight || acceptor.cancel_in_flight) return;
  acceptor.cancel_in_flight = true;
  Cancel(Tagged(&acceptor, Op::kAccept), Tagged(&acceptor, Op::kCancelAccept));
}

void IoUringBackend::CloseAcceptor(Acceptor& acceptor) {
  StopAccept(acceptor);
  const int fd = std::exchange(acceptor.fd, -1);
  OnThread() ? CloseInOrder(fd) : closing_.push_back(fd);
}

void IoUringBackend::OnAcceptable(Acceptor& acceptor, int result) {
  HON_ASSERT(acceptor.in_flight);
  acceptor.in_flight = false;
  if (!acceptor.wanted || recovering_) return;
  if (result < 0 && result != -ECANCELED && result != -EINTR && result != -EAGAIN) {
    StopAccept(acceptor);
    return acceptor.OnAcceptFailed(-result);
  }
  if (result > 0) AcceptSome(acceptor);
  if (acceptor.wanted) StartAccept(acceptor);
}

void IoUringBackend::OnAcceptCancelled(Acceptor& acceptor, int result) {
  HON_ASSERT(acceptor.cancel_in_flight);
  acceptor.cancel_in_flight = false;
  if (result < 0 && acceptor.in_flight && !acceptor.wanted) CancelAccept(acceptor);
}

}  // namespace

Result<std::unique_ptr<Backend>> MakeIoUringBackend() {
  if (Error why = TryReceive()) return Fail(std::move(why));
  auto backend = std::make_unique<IoUringBackend>();
  if (Error why = backend->Init()) return Fail(std::move(why));
  return backend;
}

}  // namespace hon::netpoll
