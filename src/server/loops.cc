#include "server/loops.h"

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "hon/base/assert.h"

namespace hon::server {
namespace {

// An io_uring waits for connections exclusively: the kernel would go on notifying the ring of the
// held loop, and no other ring. An epoll is always notified.
netpoll::BackendKind StandbyBackend(netpoll::BackendKind regular) {
  return regular == netpoll::BackendKind::kIoUring ? netpoll::BackendKind::kEpoll : regular;
}

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

Error Loops::Accept(std::vector<netpoll::ListenSocket> sockets, const ListenerScope& scope) {
  for (const netpoll::ListenSocket& socket : sockets) {
    HON_RETURN_IF_ERROR(AddDoor(socket, scope));
  }
  std::vector<netpoll::Listener::Target> targets;
  for (unsigned i = 0; i < Regular(); ++i) targets.push_back(At(i).TargetUnder(scope));
  if (sockets.size() == 1) return Listen(At(0), std::move(sockets.front()), std::move(targets));
  HON_ASSERT(sockets.size() == targets.size());
  for (size_t i = 0; i < sockets.size(); ++i) {
    HON_RETURN_IF_ERROR(Listen(At(i), std::move(sockets[i]), {targets[i]}));
  }
  return {};
}

Error Loops::Listen(LoopThread& thread, netpoll::ListenSocket socket,
                    std::vector<netpoll::Listener::Target> targets) {
  Error outcome;
  thread.RunThere([&] {
    Result<std::unique_ptr<netpoll::Listener>> listener =
        netpoll::Listener::Start(thread.GetLoop(), std::move(socket), std::move(targets),
                                 [&engine = engine_](const Error& err, Duration retry_in) {
                                   ReportAccept(engine, err, retry_in);
                                 });
    if (listener) {
      thread.Listeners().push_back(std::move(*listener));
    } else {
      outcome = std::move(listener.error());
    }
  });
  return outcome;
}

void Loops::ReportAccept(engine::Engine& engine, const Error& err, Duration retry_in) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(retry_in).count();
  const std::string detail =
      "http: Accept error: " + err.Message() + "; retrying in " + std::to_string(ms) + "ms";
  engine.Report({.kind = engine::Event::Kind::kAccept, .detail = detail});
}

void Loops::StopAccepting() {
  {
    const std::lock_guard lock(standby_mutex_);
    stopped_ = true;
    doors_.clear();
  }
  ForEach([](LoopThread& thread) { thread.Post([&thread] { thread.Listeners().clear(); }); });
}

void Loops::Await() const {
  ForEach([](LoopThread& thread) { thread.RunThere([] {}); });
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

Error Loops::AddDoor(const netpoll::ListenSocket& socket, ListenerScope scope) {
  const int fd = ::fcntl(socket.Fd(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return Error::System(errno, "listen " + socket.Address());
  Result<netpoll::ListenSocket> copy = netpoll::ListenSocket::FromFd(fd);
  if (!copy) return std::move(copy.error());
  const std::lock_guard lock(standby_mutex_);
  Door door{std::move(*copy), std::move(scope)};
  if (standby_ == nullptr) {
    doors_.push_back(std::move(door));
  } else {
    ListenOnStandby(std::move(door));
  }
  return {};
}

// A failure to accept is not reported: the regular loops accept from the same sockets, and report
// it.
void Loops::ListenOnStandby(Door door) {
  const netpoll::Listener::Target target = standby_->TargetUnder(door.scope);
  standby_->RunThere([&] {
    Result<std::unique_ptr<netpoll::Listener>> listener =
        netpoll::Listener::Start(standby_->GetLoop(), std::move(door.socket), {target});
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
    if (!doors_.empty()) StartStandby();
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
  options.backend = StandbyBackend(At(0).GetLoop().Kind());
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
  for (Door& door : doors_) ListenOnStandby(std::move(door));
  doors_.clear();
}

}  // namespace hon::server
