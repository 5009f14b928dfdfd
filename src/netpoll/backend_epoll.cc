// The backend over Linux epoll, edge-triggered. Cost of a request on a kept-alive connection: a
// share of one epoll_wait, one recv (a short one shows that the socket is empty), no epoll_ctl.

#include "netpoll/backend_epoll.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "hon/base/assert.h"
#include "netpoll/connection_io.h"
#include "netpoll/readiness_backend.h"

namespace hon::netpoll {
namespace {

constexpr int kEventsMax = 256;

constexpr uint32_t kInputEvents = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET;
// Where the kernel does not wait, this long.
constexpr timespec kWithoutWait = {.tv_sec = 0, .tv_nsec = 1'000'000};

// The owner of an event, in the low bits of its pointer.
enum class Owner : uintptr_t { kConnection = 0, kAcceptor = 1, kWakeup = 2 };
constexpr uintptr_t kOwnerMask = 3;

uint64_t Tagged(const void* object, Owner owner) {
  return reinterpret_cast<uintptr_t>(object) | static_cast<uintptr_t>(owner);
}

class EpollBackend final : public ReadinessBackend {
 public:
  EpollBackend(int epoll, int wakeup) : epoll_(epoll), wakeup_(wakeup) {}
  ~EpollBackend() override;

  [[nodiscard]] BackendKind Kind() const override { return BackendKind::kEpoll; }
  [[nodiscard]] bool MoreEvents() const override { return full_; }
  void Wait(Duration wait_max) override;
  bool Deliver() override;
  void Wake() override;
  void StartAccept(Acceptor& acceptor) override;
  void StopAccept(Acceptor& acceptor) override;
  void CloseAcceptor(Acceptor& acceptor) override;
  Error Attach(Connection& c) override;
  void WatchWritable(Connection& c) override;
  void Close(Connection& c) override;

 private:
  Error Control(int operation, int fd, uint32_t events, uint64_t data);
  int WaitFor(Duration wait_max);
  bool Watch(Connection& c, uint32_t events);
  void OnEvent(Connection& c, uint32_t events);

  int epoll_;
  int wakeup_;
  int event_count_ = 0;
  bool full_ = false;        // the last wait brought kEventsMax events
  bool exact_waits_ = true;  // epoll_pwait2 is there and allowed
  std::array<epoll_event, kEventsMax> events_;
};

EpollBackend::~EpollBackend() {
  ::close(wakeup_);
  ::close(epoll_);
}

Error EpollBackend::Control(int operation, int fd, uint32_t events, uint64_t data) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = data;
  if (::epoll_ctl(epoll_, operation, fd, &event) < 0) return Error::System(errno, "epoll_ctl");
  return {};
}

// Waiting.

int EpollBackend::WaitFor(Duration wait_max) {
  if (wait_max == kUnlimited || wait_max <= Duration::zero()) {
    return ::epoll_wait(epoll_, events_.data(), kEventsMax, wait_max == kUnlimited ? -1 : 0);
  }
  if (exact_waits_) {
    timespec time{};
    time.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(wait_max).count();
    time.tv_nsec = (wait_max % std::chrono::seconds(1)).count();
    const int n = ::epoll_pwait2(epoll_, events_.data(), kEventsMax, &time, nullptr);
    if (n >= 0 || errno == EINTR) return n;
    exact_waits_ = false;  // before Linux 5.11, or forbidden by a filter of system calls
  }
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait_max).count();
  return ::epoll_wait(epoll_, events_.data(), kEventsMax,
                      static_cast<int>(std::min<int64_t>(ms, 60'000)));
}

void EpollBackend::Wait(Duration wait_max) {
  const int n = WaitFor(wait_max);
  event_count_ = std::max(n, 0);
  full_ = n == kEventsMax;
  // The loop goes on with its timers and tasks, but does not spin.
  if (n < 0 && errno != EINTR && wait_max > Duration::zero()) ::nanosleep(&kWithoutWait, nullptr);
}

void EpollBackend::Wake() {
  // Edge-triggered, so the counter is never read back; it cannot overflow in any process lifetime.
  const uint64_t one = 1;
  ssize_t n;
  do {
    n = ::write(wakeup_, &one, sizeof(one));
  } while (n < 0 && errno == EINTR);
}

bool EpollBackend::Deliver() {
  const bool any = event_count_ != 0 || HasReady();
  DeliverReady();
  const int count = std::exchange(event_count_, 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events_[static_cast<size_t>(i)];
    const auto owner = static_cast<Owner>(event.data.u64 & kOwnerMask);
    const auto address = static_cast<uintptr_t>(event.data.u64 & ~uint64_t{kOwnerMask});
    if (owner == Owner::kConnection) {
      OnEvent(*reinterpret_cast<Connection*>(address), event.events);
    } else if (owner == Owner::kAcceptor) {
      AcceptSome(*reinterpret_cast<Acceptor*>(address));
    }
  }
  DeliverReceived();
  return any;
}

// Accepting.

void EpollBackend::StartAccept(Acceptor& acceptor) {
  if (std::exchange(acceptor.wanted, true)) return;
  const uint32_t events = acceptor.exclusive ? EPOLLIN | EPOLLEXCLUSIVE : EPOLLIN;
  const Error why =
      Control(EPOLL_CTL_ADD, acceptor.fd, events, Tagged(&acceptor, Owner::kAcceptor));
  if (!why) return;
  acceptor.wanted = false;
  acceptor.OnAcceptFailed(why.SystemCode());
}

void EpollBackend::StopAccept(Acceptor& acceptor) {
  if (!std::exchange(acceptor.wanted, false)) return;
  // An event that comes all the same finds that no connection is wanted.
  const Error why = Control(EPOLL_CTL_DEL, acceptor.fd, 0, 0);
  static_cast<void>(why);
}

void EpollBackend::CloseAcceptor(Acceptor& acceptor) {
  StopAccept(acceptor);
  ::close(std::exchange(acceptor.fd, -1));
}

// Connections.

Error EpollBackend::Attach(Connection& c) {
  return Control(EPOLL_CTL_ADD, c.Fd(), kInputEvents, Tagged(&c, Owner::kConnection));
}

// False: the kernel refuses, and the connection is broken.
bool EpollBackend::Watch(Connection& c, uint32_t events) {
  const Error why = Control(EPOLL_CTL_MOD, c.Fd(), events, Tagged(&c, Owner::kConnection));
  if (!why) return true;
  ConnectionIo::Failed(c, why);
  return false;
}

void EpollBackend::WatchWritable(Connection& c) {
  if (!Watch(c, kInputEvents | EPOLLOUT)) return;
  ConnectionIo::TakeHold(c, ConnectionIo::Hold::kWritableInFlight);
}

void EpollBackend::Close(Connection& c) {
  const int fd = c.Fd();
  ConnectionIo::ForgetFd(c);
  ConnectionIo::ReleaseHold(c, ConnectionIo::Hold::kWritableInFlight);
  // Ends the registration too, since no other descriptor refers to the socket.
  ::close(fd);
}

void EpollBackend::OnEvent(Connection& c, uint32_t events) {
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  const bool watching = ConnectionIo::Holds(c, ConnectionIo::Hold::kWritableInFlight);
  if (watching && ((events & EPOLLOUT) != 0 || broken)) {
    ConnectionIo::DropHold(c, ConnectionIo::Hold::kWritableInFlight);
    ConnectionIo::Writable(c);
    if (!ConnectionIo::Closed(c) &&
        !ConnectionIo::Holds(c, ConnectionIo::Hold::kWritableInFlight)) {
      Watch(c, kInputEvents);
    }
  }
  if (ConnectionIo::Closed(c) || ConnectionIo::Connecting(c)) return;
  if ((events & EPOLLPRI) != 0) ConnectionIo::Set(c, ConnectionIo::Flag::kUrgentSeen);
  if ((events & (EPOLLIN | EPOLLRDHUP)) != 0 || broken) {
    ConnectionIo::Set(c, ConnectionIo::Flag::kInputWaits);
  }
  const bool leaving = (events & EPOLLRDHUP) != 0 || broken;
  if (ConnectionIo::WantsInput(c)) {
    if (leaving) ConnectionIo::Set(c, ConnectionIo::Flag::kPeerFinished);
    Receive(c);
  } else if (leaving) {
    ConnectionIo::PeerLeft(c, broken);
  }
}

}  // namespace

Result<std::unique_ptr<Backend>> MakeEpollBackend() {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return Fail(Error::System(errno, "epoll_create1"));
  const int wakeup = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wakeup < 0) {
    Error why = Error::System(errno, "eventfd");
    ::close(epoll);
    return Fail(std::move(why));
  }
  auto backend = std::make_unique<EpollBackend>(epoll, wakeup);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = Tagged(nullptr, Owner::kWakeup);
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, wakeup, &event) < 0) {
    return Fail(Error::System(errno, "epoll_ctl"));
  }
  return backend;
}

}  // namespace hon::netpoll
