#include "server/loops.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <string>
#include <utility>

namespace hon::server {
namespace {

// A loop whose turn lasts longer than this is not waited for when the server ends.
constexpr Duration kHeldAtEnd = std::chrono::milliseconds(100);
// So often the loops that are waited for are looked at.
constexpr Duration kHeldLook = std::chrono::milliseconds(10);
// Connections that are taken from the queue of one address at the end.
constexpr int kTakenAtEndMax = 65'536;

}  // namespace

Error Loops::Start(unsigned regular) {
  std::vector<std::unique_ptr<LoopThread>> threads;
  for (unsigned i = 0; i < regular; ++i) {
    Result<std::unique_ptr<LoopThread>> thread = LoopThread::Start(i, engine_, options_, shared_);
    if (!thread) return std::move(thread.error());
    threads.push_back(std::move(*thread));
  }
  for (std::unique_ptr<LoopThread>& thread : threads) Add(std::move(thread));
  const std::lock_guard lock(mutex_);
  regular_ = regular;
  return {};
}

void Loops::Add(std::unique_ptr<LoopThread> thread) {
  const std::lock_guard lock(mutex_);
  threads_.push_back(std::move(thread));
  if (keep_alives_) return;
  threads_.back()->Post(
      [&engine = threads_.back()->GetEngine()] { engine.SetKeepAlivesEnabled(false); });
}

Loops::~Loops() {
  StopAccepting(Duration::zero());
  Await(true);
  // A loop that still ends connections may call RelieveMemory.
  std::vector<std::unique_ptr<LoopThread>> threads;
  {
    const std::lock_guard lock(mutex_);
    threads.swap(threads_);
  }
}

Error Loops::Accept(netpoll::ListenSocket socket, ListenerScope scope) {
  Entrance entrance{std::move(socket), std::move(scope), {}};
  for (unsigned i = 0; i < Regular(); ++i) {
    entrance.targets.push_back(At(i).TargetUnder(entrance.scope));
  }
  for (unsigned i = 0; i < Regular(); ++i) {
    Error why = Listen(At(i), entrance);
    if (!why) continue;
    while (i-- > 0) At(i).RunThere([&thread = At(i)] { thread.Listeners().pop_back(); });
    return why;
  }
  const std::lock_guard lock(standby_mutex_);
  if (standby_ != nullptr) ListenOnStandby(entrance);
  entrances_.push_back(std::move(entrance));
  return {};
}

Error Loops::Listen(LoopThread& thread, const Entrance& entrance) {
  Result<netpoll::ListenSocket> copy = entrance.socket.Copy();
  if (!copy) return std::move(copy.error());
  Error outcome;
  thread.RunThere([&] {
    Result<std::unique_ptr<netpoll::Listener>> listener = netpoll::Listener::Start(
        thread.GetLoop(), std::move(*copy), entrance.targets,
        [this](const Error& err, Duration retry_in) { ReportAccept(err, retry_in); });
    if (listener) {
      thread.Listeners().push_back(std::move(*listener));
    } else {
      outcome = std::move(listener.error());
    }
  });
  return outcome;
}

// A loop that was held meets the end of its listening socket before it is told of it.
void Loops::ReportAccept(const Error& err, Duration retry_in) const {
  if (stopped_) return;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(retry_in).count();
  const std::string detail =
      "http: Accept error: " + err.Message() + "; retrying in " + std::to_string(ms) + "ms";
  engine_.Report({.kind = engine::Event::Kind::kAccept, .detail = detail});
}

void Loops::StopAccepting(Duration handshake_grace) {
  std::vector<Entrance> entrances;
  {
    const std::lock_guard lock(standby_mutex_);
    stopped_ = true;
    entrances = std::exchange(entrances_, {});
  }
  const auto close_listeners = [&] {
    ForEach([](LoopThread& thread) { thread.Post([&thread] { thread.Listeners().clear(); }); });
  };
  const bool shared = std::any_of(entrances.begin(), entrances.end(),
                                  [](const Entrance& e) { return e.socket.IsShared(); });
  // The kernel wakes one waiter for a connection. Where the socket listens on in another process,
  // a waiter of this process must not stay; connections that it was woken for are taken below.
  if (shared) {
    close_listeners();
    Await(false);
  }
  for (Entrance& entrance : entrances) {
    if (!entrance.socket.IsShared()) entrance.socket.HoldOff();
  }
  const TimePoint until = DeadlineAfter(Clock::now(), handshake_grace);
  for (Entrance& entrance : entrances) Empty(entrance, until);
  if (!shared) close_listeners();
}

Result<std::vector<netpoll::ListenSocket>> Loops::CopySockets() {
  const std::lock_guard lock(standby_mutex_);
  std::vector<netpoll::ListenSocket> copies;
  for (const Entrance& entrance : entrances_) {
    HON_TRY(netpoll::ListenSocket copy, entrance.socket.Copy());
    copies.push_back(std::move(copy));
  }
  return copies;
}

void Loops::ShareSockets() {
  const std::lock_guard lock(standby_mutex_);
  for (Entrance& entrance : entrances_) {
    entrance.socket.SetShared(true);
    entrance.socket.DisownFile();
  }
}

// The end of listening would reset the peers whose handshakes have begun: their last segment is
// awaited. The loops accept meanwhile, too.
void Loops::Empty(Entrance& entrance, TimePoint handshakes_until) {
  netpoll::ListenSocket& socket = entrance.socket;
  const bool waits = !socket.IsShared() && !socket.IsUnix();
  for (int taken = 0; taken < kTakenAtEndMax;) {
    const int fd = socket.Accept();
    if (fd >= 0) {
      netpoll::Listener::Give(*netpoll::Listener::LeastBusy(entrance.targets, Clock::now()), fd);
      ++taken;
      continue;
    }
    if (!waits || !socket.AwaitPeer(handshakes_until - Clock::now())) break;
  }
  if (!socket.IsShared()) socket.EndListening();
}

void Loops::Await(bool held_too) const {
  struct Latch {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<LoopThread*> waited_for;
  };
  const auto latch = std::make_shared<Latch>();
  ForEach([&](LoopThread& thread) { latch->waited_for.push_back(&thread); });
  const std::vector<LoopThread*> all = latch->waited_for;
  for (LoopThread* thread : all) {
    thread->Post([latch, thread] {
      const std::lock_guard lock(latch->mutex);
      std::erase(latch->waited_for, thread);
      latch->changed.notify_all();
    });
  }
  std::unique_lock lock(latch->mutex);
  while (!latch->waited_for.empty()) {
    const bool all_held = std::all_of(
        latch->waited_for.begin(), latch->waited_for.end(),
        [](LoopThread* thread) { return thread->GetLoop().BusyFor(Clock::now()) > kHeldAtEnd; });
    if (all_held && !held_too) return;
    latch->changed.wait_for(lock, kHeldLook);
  }
}

LoopThread& Loops::At(size_t index) const {
  const std::lock_guard lock(mutex_);
  return *threads_[index];
}

// Visits without the lock, since a handler on a visited loop may want it.
void Loops::ForEach(const std::function<void(LoopThread&)>& visit) const {
  std::vector<LoopThread*> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& thread : threads_) all.push_back(thread.get());
  }
  for (LoopThread* thread : all) visit(*thread);
}

void Loops::PostEach(const std::function<void(engine::LoopEngine&)>& task) const {
  ForEach([&](LoopThread& thread) {
    thread.Post([task, &engine = thread.GetEngine()] { task(engine); });
  });
}

void Loops::RelieveMemory() const {
  const std::lock_guard lock(mutex_);
  for (const auto& thread : threads_) thread->PostRelief();
}

void Loops::SetKeepAlivesEnabled(bool enabled) {
  const std::lock_guard lock(mutex_);
  keep_alives_ = enabled;
  for (const auto& thread : threads_) {
    thread->Post(
        [enabled, &engine = thread->GetEngine()] { engine.SetKeepAlivesEnabled(enabled); });
  }
}

unsigned Loops::Regular() const {
  const std::lock_guard lock(mutex_);
  return regular_;
}

size_t Loops::Size() const {
  const std::lock_guard lock(mutex_);
  return threads_.size();
}

std::string_view Loops::Backend() const {
  const std::lock_guard lock(mutex_);
  return regular_ == 0 ? std::string_view()
                       : netpoll::BackendName(threads_.front()->GetLoop().Kind());
}

// --- The standby loop.

// A failure to accept is not reported: the regular loops accept from the same sockets, and will
// meet it too.
void Loops::ListenOnStandby(Entrance& entrance) {
  Result<netpoll::ListenSocket> copy = entrance.socket.Copy();
  if (!copy) return;
  const netpoll::Listener::Target target = standby_->TargetUnder(entrance.scope);
  entrance.targets.push_back(target);
  standby_->RunThere([&] {
    Result<std::unique_ptr<netpoll::Listener>> listener = netpoll::Listener::Start(
        standby_->GetLoop(), std::move(*copy), {target}, {}, netpoll::Listener::Wakes::kAlways);
    if (!listener) return;
    if (!standby_accepts_) (*listener)->Pause();
    standby_->Listeners().push_back(std::move(*listener));
  });
}

bool Loops::OnHeld(bool any_held) {
  const std::unique_lock lock(standby_mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return false;
  if (stopped_ || standby_accepts_ == any_held) return true;
  if (standby_ == nullptr) {
    if (!entrances_.empty()) StartStandby();
    return true;
  }
  standby_accepts_ = any_held;
  standby_->Post([this, any_held] {
    for (const auto& listener : standby_->Listeners()) {
      any_held ? listener->Resume() : listener->Pause();
    }
  });
  return true;
}

// Without a thread for the standby loop, the connections wait for the held loop.
void Loops::StartStandby() {
  Options options = options_;
  options.backend = At(0).GetLoop().Kind();
  Result<std::unique_ptr<LoopThread>> thread =
      LoopThread::Start(LoopThread::kStandby, engine_, options, shared_);
  if (!thread) {
    const std::string detail = "http: no standby loop: " + thread.error().Message();
    engine_.Report({.kind = engine::Event::Kind::kListener, .detail = detail});
    return;
  }
  standby_ = thread->get();
  Add(std::move(*thread));
  standby_accepts_ = true;
  for (Entrance& entrance : entrances_) ListenOnStandby(entrance);
}

}  // namespace hon::server
