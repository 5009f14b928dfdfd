#include "server/standby.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

namespace hon::server {

Standby::~Standby() { StopAccepting(); }

// io_uring waits for connections exclusively: the kernel would go on telling the ring of the loop
// that is held, which does not look, and not another ring. An epoll is always told.
void Standby::SetBackend(netpoll::BackendKind regular) {
  const std::lock_guard lock(mutex_);
  backend_ = regular == netpoll::BackendKind::kIoUring ? netpoll::BackendKind::kEpoll : regular;
}

Error Standby::AddSocket(const netpoll::ListenSocket& socket,
                         std::optional<appcontext::Context> base) {
  const int fd = ::fcntl(socket.Fd(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return Error::System(errno, "listen " + socket.Address());
  Result<netpoll::ListenSocket> copy = netpoll::ListenSocket::FromFd(fd);
  if (!copy) return std::move(copy.error());
  const std::lock_guard lock(mutex_);
  Door door{std::move(*copy), std::move(base)};
  if (thread_ == nullptr) {
    doors_.push_back(std::move(door));
  } else {
    Listen(std::move(door));
  }
  return {};
}

void Standby::SetKeepAlivesEnabled(bool enabled) {
  const std::lock_guard lock(mutex_);
  keep_alives_ = enabled;
  if (thread_ != nullptr) TellKeepAlives();
}

void Standby::TellKeepAlives() {
  thread_->Post([&engine = thread_->GetEngine(), enabled = keep_alives_] {
    engine.SetKeepAlivesEnabled(enabled);
  });
}

// A failure is not told: the regular loops accept from the same sockets, and will meet it too.
void Standby::Listen(Door door) {
  const netpoll::Listener::Target target = thread_->TargetUnder(door.base);
  thread_->RunThere([&] {
    Result<std::unique_ptr<netpoll::Listener>> listener =
        netpoll::Listener::Start(thread_->GetLoop(), std::move(door.socket), {target});
    if (!listener) return;
    if (!accepting_) (*listener)->Pause();
    thread_->Listeners().push_back(std::move(*listener));
  });
}

bool Standby::OnHeld(bool any_held) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return false;
  if (stopped_ || accepting_ == any_held) return true;
  if (thread_ == nullptr) {
    Options options = options_;
    options.backend = backend_;
    Result<std::unique_ptr<LoopThread>> thread =
        LoopThread::Start(LoopThread::kStandby, engine_, options, shared_);
    if (!thread) return true;  // no help this time
    thread_ = std::move(*thread);
    accepting_ = true;
    if (!keep_alives_) TellKeepAlives();
    for (Door& door : doors_) Listen(std::move(door));
    doors_.clear();
    return true;
  }
  accepting_ = any_held;
  thread_->Post([this, any_held] {
    for (const auto& listener : thread_->Listeners()) {
      any_held ? listener->Resume() : listener->Pause();
    }
  });
  return true;
}

void Standby::StopAccepting() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(stopped_, true)) return;
  doors_.clear();
  if (thread_ != nullptr) {
    thread_->RunThere([this] { thread_->Listeners().clear(); });
  }
}

}  // namespace hon::server
