// The turns of a loop, its queues, and the start and end of connections.

#include "hon/netpoll/loop.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <new>
#include <utility>

#include "hon/base/assert.h"
#include "hon/base/flatten.h"
#include "hon/io/io.h"
#include "hon/netpoll/connection.h"
#include "netpoll/backend.h"
#include "netpoll/connection_io.h"
#include "netpoll/connection_phase.h"
#include "netpoll/connection_records.h"
#include "netpoll/connection_slab.h"
#include "netpoll/dialer.h"
#include "netpoll/handshake_queue.h"
#include "netpoll/loop_io.h"
#include "netpoll/no_memory.h"
#include "netpoll/record_queue.h"

namespace hon::netpoll {
namespace {

constexpr Sentinel kNoMemory{"no memory for a connection"};

// A turn that begins this long after a timer was due is late: the thread did not run meanwhile.
constexpr Duration kLateTurn = std::chrono::milliseconds(10);
// So often, at most, a late turn asks for more events before its timers fire.
constexpr unsigned kCatchUpRoundsMax = 64;

thread_local Loop* current_loop = nullptr;

// Apart, since the set is an array, and Loop::Turn has no canary.
[[gnu::noinline]] void BlockPipeSignal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

// sendfile has no MSG_NOSIGNAL, so a thread that turns a loop ignores SIGPIPE.
void IgnorePipeSignal() {
  thread_local bool done = false;
  if (!std::exchange(done, true)) [[unlikely]]
    BlockPipeSignal();
}

inline void Enter(std::atomic<TurnStep>& step, TurnStep entered) {
  step.store(entered, std::memory_order_relaxed);
}

class FunctionTask final : public Task {
 public:
  explicit FunctionTask(std::function<void()> function) : function_(std::move(function)) {}
  void Run() override {
    const std::unique_ptr<FunctionTask> self(this);
    function_();
  }
  void Discard() override { delete this; }

 private:
  std::function<void()> function_;
};

}  // namespace

Result<std::unique_ptr<Loop>> Loop::Create(LoopOptions options) {
  OpenStandardStreams();
  HON_TRY(std::unique_ptr<Backend> backend, MakePlatformBackend(options));
  return CreateOver(std::move(backend), std::move(options));
}

std::unique_ptr<Loop> Loop::CreateOver(std::unique_ptr<Backend> backend, LoopOptions options) {
  return std::unique_ptr<Loop>(new Loop(std::move(backend), std::move(options)));
}

Loop::Loop(std::unique_ptr<Backend> backend, LoopOptions options)
    : options_(std::move(options)),
      now_(backend->Now()),
      blocks_(options_.cached_blocks_max),
      timers_(now_),
      backend_(std::move(backend)),
      slab_(std::make_unique<ConnectionSlab>()) {
  backend_->Bind(*this);
}

Loop::~Loop() {
  Loop* const outer = std::exchange(current_loop, this);
  ending_ = true;
  for (const auto& acceptor : acceptors_) {
    acceptor->OnLoopGone();
    if (acceptor->fd >= 0) backend_->CloseAcceptor(*acceptor);
  }
  if (handshakes_ != nullptr) handshakes_->Stop();
  if (records_ != nullptr) records_->Stop();
  if (dialer_ != nullptr) dialer_->Stop();
  slab_->ForEach([](Connection& c) { c.Break(io::ErrClosed); });
  FlushDirty();
  // From here on the kernel refers to nothing of the loop.
  backend_.reset();
  slab_->ForEach([this](Connection& c) {
    HON_ASSERT(c.retained_ == 0);
    slab_->Delete(c);
  });
  const auto discard = [](Task* task) {
    while (task != nullptr) std::exchange(task, task->next_)->Discard();
  };
  discard(deferred_.first);
  discard(posted_.exchange(nullptr, std::memory_order_acquire));
  current_loop = outer;
}

Loop* Loop::Current() { return current_loop; }

BackendKind Loop::Kind() const { return backend_->Kind(); }

// The turn.

void Loop::Run() {
  while (!stop_.load(std::memory_order_acquire)) Turn(kUnlimited);
  stop_.store(false, std::memory_order_relaxed);
}

HON_NO_CANARY void Loop::Turn(Duration wait_max) {
  IgnorePipeSignal();
  Loop* const outer = std::exchange(current_loop, this);
  const TimePoint before = std::exchange(now_, backend_->Now());
  turn_began_.store(now_.time_since_epoch().count(), std::memory_order_relaxed);
  if (turn_hook_wanted_.load(std::memory_order_relaxed)) [[unlikely]]
    CallTurnHook();
  Enter(step_, TurnStep::kEvents);
  // Completions first: what came in time is not late because this thread was.
  backend_->Deliver();
  if (now_ - before > kLateTurn && timers_.NextWakeup() < now_ - kLateTurn) [[unlikely]]
    CatchUp();
  Enter(step_, TurnStep::kTimers);
  timers_.Advance(now_);
  Enter(step_, TurnStep::kTasks);
  RunPosted();
  RunDeferred();
  Enter(step_, TurnStep::kOutput);
  FlushDirty();
  DeleteRetired();
  Wait(wait_max);
  current_loop = outer;
}

void Loop::CallTurnHook() {
  turn_hook_wanted_.store(false, std::memory_order_relaxed);
  if (turn_hook_) turn_hook_();
}

// One wait brings only so many events, or none where a signal has ended it. All that has arrived is
// acted upon before a deadline is judged by the time at which this turn began.
void Loop::CatchUp() {
  for (unsigned i = 0; i < kCatchUpRoundsMax; ++i) {
    RunPosted();
    RunDeferred();
    FlushDirty();
    backend_->Wait(Duration::zero());
    if (!backend_->Deliver()) return;
  }
}

void Loop::DiscardPosted(const std::function<bool(Task&)>& chosen) {
  Task* task = posted_.exchange(nullptr, std::memory_order_acquire);
  TaskList kept;  // newest first, as the stack is
  while (task != nullptr) {
    Task& one = *std::exchange(task, task->next_);
    chosen(one) ? one.Discard() : kept.PushBack(one);
  }
  // Back to the bottom of the stack: other threads may have posted meanwhile.
  while (kept.first != nullptr) {
    Task* none = nullptr;
    if (posted_.compare_exchange_strong(none, kept.first, std::memory_order_seq_cst)) return;
    TaskList newer;
    task = posted_.exchange(nullptr, std::memory_order_acquire);
    while (task != nullptr) newer.PushBack(*std::exchange(task, task->next_));
    if (newer.last == nullptr) continue;
    newer.last->next_ = kept.first;
    kept.first = newer.first;
  }
}

inline void Loop::RunPosted() {
  // Cleared first: a task posted from here on wakes the loop again.
  if (woken_.load(std::memory_order_relaxed)) woken_.store(false, std::memory_order_seq_cst);
  if (posted_.load(std::memory_order_seq_cst) == nullptr) return;
  Task* newest = posted_.exchange(nullptr, std::memory_order_acquire);
  Task* oldest = nullptr;
  while (newest != nullptr) {
    Task* next = newest->next_;
    newest->next_ = oldest;
    oldest = newest;
    newest = next;
  }
  while (oldest != nullptr) {
    Task& task = *std::exchange(oldest, oldest->next_);
    OrDrop([&task] { task.Run(); });
  }
}

inline void Loop::RunDeferred() {
  Task* next = std::exchange(deferred_, {}).first;
  while (next != nullptr) {
    Task& task = *std::exchange(next, next->next_);
    OrDrop([&task] { task.Run(); });
  }
}

HON_NO_CANARY void Loop::FlushDirty() {
  while (dirty_first_ != nullptr) {
    Connection& c = *dirty_first_;
    dirty_first_ = c.dirty_next_;
    if (dirty_first_ == nullptr) dirty_last_ = nullptr;
    c.dirty_next_ = nullptr;
    HON_ASSERT((c.holds_ & Connection::kInDirtyList) != 0);
    c.holds_ &= static_cast<uint16_t>(~Connection::kInDirtyList);
    const bool blocked = (c.flags_ & Connection::kOutBlocked) != 0;
    if (c.phase_ != Connection::Phase::kClosed && !blocked) {
      // A failure ends the connection, which this loop then visits again.
      if (c.SendSome()) continue;
    }
    if (c.phase_ == Connection::Phase::kClosed) {
      Settle(c);
    } else if ((c.flags_ & Connection::kSyncWanted) != 0) {
      c.flags_ &= static_cast<uint16_t>(~Connection::kSyncWanted);
      backend_->Sync(c);
    }
  }
}

void Loop::Settle(Connection& c) {
  if ((c.flags_ & Connection::kDisconnectTold) == 0) {
    c.flags_ |= Connection::kDisconnectTold;
    load_.fetch_sub(1, std::memory_order_relaxed);
    if (c.records_ != nullptr && std::exchange(c.records_->dialed, false)) {
      LoopIo::HandshakeEnded(c, c.why_ ? c.why_ : Error(io::ErrClosed));
    }
    OrDrop([&c] { c.handler_->OnDisconnect(c, c.why_); });
  }
  if (c.holds_ == 0 && c.retained_ == 0) slab_->Delete(c);
}

inline void Loop::DeleteRetired() {
  if (acceptors_.empty()) return;
  std::erase_if(acceptors_, [](const auto& a) { return a->retired && a->Quiet(); });
}

inline void Loop::Wait(Duration wait_max) {
  if (deferred_.first != nullptr || dirty_first_ != nullptr || backend_->HasReady() ||
      posted_.load(std::memory_order_relaxed) != nullptr) {
    wait_max = Duration::zero();
  } else if (const TimePoint wakeup = timers_.NextWakeup(); wakeup != kNever) {
    wait_max = std::min(wait_max, std::max(wakeup - backend_->Now(), Duration::zero()));
  }
  turn_began_.store(0, std::memory_order_relaxed);
  backend_->Wait(wait_max);
}

void Loop::Trim() {
  backend_->Trim();
  blocks_.Trim();
}

Duration Loop::BusyFor(TimePoint now) const {
  const TimePoint::rep began = turn_began_.load(std::memory_order_relaxed);
  if (began == 0) return Duration::zero();
  return std::max(now - TimePoint(TimePoint::duration(began)), Duration::zero());
}

// Queues.

void Loop::TaskList::PushBack(Task& task) {
  task.next_ = nullptr;
  (last != nullptr ? last->next_ : first) = &task;
  last = &task;
}

void Loop::Defer(Task& task) { deferred_.PushBack(task); }

void Loop::Post(Task& task) {
  Task* top = posted_.load(std::memory_order_relaxed);
  do {
    task.next_ = top;
  } while (!posted_.compare_exchange_weak(top, &task, std::memory_order_seq_cst,
                                          std::memory_order_relaxed));
  // The loop's own thread checks the stack before it waits.
  if (!InLoopThread()) WakeUp();
}

void Loop::Post(std::function<void()> function) { Post(*new FunctionTask(std::move(function))); }

void Loop::Stop() {
  stop_.store(true, std::memory_order_release);
  backend_->Wake();
}

void Loop::WakeUp() {
  if (!woken_.exchange(true, std::memory_order_seq_cst)) backend_->Wake();
}

// Connections.

Result<Connection*> Loop::Adopt(int fd, EventHandler& handler) {
  if (Error why = backend_->PrepareSocket(fd)) {
    backend_->CloseNow(fd);
    return Fail(std::move(why));
  }
  LoopIo::Expect(*this);
  return LoopIo::AdoptPrepared(*this, fd, handler);
}

void Loop::Dial(std::string_view address, EventHandler& handler, Duration timeout,
                std::function<void(Result<Connection*>)> done,
                std::unique_ptr<io::RecordLayer> layer) {
  if (dialer_ == nullptr) dialer_ = std::make_unique<Dialer>(*this);
  dialer_->Dial(address, handler, timeout, std::move(done), std::move(layer));
}

void Loop::CancelDials(EventHandler& handler) {
  if (dialer_ != nullptr) dialer_->Cancel(handler);
}

void Loop::ForEachConnection(const std::function<void(Connection&)>& visit) {
  slab_->ForEach([&](Connection& c) {
    const bool open = c.phase_ != Connection::Phase::kConnecting;
    if (open && (c.flags_ & Connection::kDisconnectTold) == 0) visit(c);
  });
}

// Access for the rest of netpoll.

void LoopIo::PushDirty(Loop& loop, Connection& c) {
  (loop.dirty_last_ != nullptr ? loop.dirty_last_->dirty_next_ : loop.dirty_first_) = &c;
  loop.dirty_last_ = &c;
}

HandshakeQueue& LoopIo::HandshakesOf(Loop& loop) {
  if (loop.handshakes_ == nullptr) loop.handshakes_ = std::make_unique<HandshakeQueue>(loop);
  return *loop.handshakes_;
}

RecordQueue& LoopIo::RecordsOf(Loop& loop) {
  if (loop.records_ == nullptr) loop.records_ = std::make_unique<RecordQueue>(loop);
  return *loop.records_;
}

void LoopIo::Own(Loop& loop, std::unique_ptr<Acceptor> acceptor) {
  loop.acceptors_.push_back(std::move(acceptor));
}

void LoopIo::ForEachAcceptor(Loop& loop, const std::function<void(Acceptor&)>& visit) {
  for (const std::unique_ptr<Acceptor>& acceptor : loop.acceptors_) visit(*acceptor);
}

Result<Connection*> LoopIo::AdoptPrepared(Loop& loop, int fd, EventHandler& handler) {
  Result<Connection*> c = NewConnecting(loop, fd, handler);
  Unexpect(loop);  // counted as the expected one
  if (!c) return c;
  return Established(**c);
}

Result<Connection*> LoopIo::NewConnecting(Loop& loop, int fd, EventHandler& handler) {
  if (loop.ending_) {
    loop.backend_->CloseNow(fd);
    return Fail(io::ErrClosed);
  }
  Connection* made = nullptr;
  try {
    made = &loop.slab_->New(loop, handler, fd, true);
  } catch (const std::bad_alloc&) {
    loop.backend_->CloseNow(fd);
    return Fail(kNoMemory);
  }
  Connection& c = *made;
  if (Error why = loop.backend_->Attach(c)) {
    loop.backend_->CloseNow(fd);
    loop.slab_->Delete(c);
    return Fail(std::move(why));
  }
  Expect(loop);
  return &c;
}

void LoopIo::AbandonConnecting(Connection& c) {
  HON_ASSERT(c.phase_ == Connection::Phase::kConnecting);
  // The handler has not been called for the connection, and will not be.
  c.flags_ |= Connection::kDisconnectTold;
  Unexpect(*c.loop_);
  c.Finish();
}

void LoopIo::ConnectProgress(Connection& c) { c.loop_->dialer_->OnProgress(c); }

void LoopIo::HandshakeEnded(Connection& c, Error why) {
  c.loop_->dialer_->OnHandshakeEnd(c, std::move(why));
}

Result<Connection*> LoopIo::Established(Connection& c, std::unique_ptr<io::RecordLayer> layer,
                                        Duration handshake_timeout) {
  c.Move(ConnectionEvent::kEstablished);
  if (layer != nullptr) c.SetRecordLayer(std::move(layer), handshake_timeout);
  c.InputChanged();
  OrCut(c, [&c] { c.handler_->OnPrepare(c); });
  if (c.phase_ == Connection::Phase::kHandshaking) {
    if (c.records_ != nullptr) {
      c.BeginHandshake();
    } else {
      c.Move(ConnectionEvent::kReady);
      OrCut(c, [&c] { c.handler_->OnConnect(c); });
    }
  }
  if (!c.IsActive()) return Fail(c.why_ ? c.why_ : Error(io::ErrClosed));
  return &c;
}

bool LoopIo::AwaitHandshake(Connection& c) {
  if (c.phase_ != Connection::Phase::kHandshaking) return false;
  c.records_->dialed = true;
  return true;
}

}  // namespace hon::netpoll
