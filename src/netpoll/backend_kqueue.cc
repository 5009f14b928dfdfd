// The backend over kqueue, edge-triggered (EV_CLEAR). Cost of a request on a kept-alive connection:
// a share of one kevent, one recv (a short one shows that the socket is empty), no change of
// filters.

#include "netpoll/backend_kqueue.h"

#include <sys/event.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "hon/base/assert.h"
#include "netpoll/connection_io.h"
#include "netpoll/readiness_backend.h"
#include "netpoll/socket_calls.h"

namespace hon::netpoll {
namespace {

constexpr int kEventsMax = 256;
constexpr uintptr_t kWakeup = 0;  // the only user event

// The owner of a read event, in the low bits of its pointer.
enum class Owner : uintptr_t { kConnection = 0, kAcceptor = 1 };
constexpr uintptr_t kOwnerMask = 1;

uintptr_t Tagged(const void* object, Owner owner) {
  return reinterpret_cast<uintptr_t>(object) | static_cast<uintptr_t>(owner);
}

class KqueueBackend final : public ReadinessBackend {
 public:
  explicit KqueueBackend(int queue) : queue_(queue) {}
  ~KqueueBackend() override { ::close(queue_); }
  Error Init();

  [[nodiscard]] BackendKind Kind() const override { return BackendKind::kKqueue; }
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
  Error Change(uintptr_t ident, int filter, unsigned flags, unsigned fflags, uintptr_t owner);
  void OnRead(Connection& c, const struct kevent& event);
  void OnWrite(Connection& c);

  int queue_;
  int event_count_ = 0;
  bool full_ = false;  // the last wait brought kEventsMax events
  std::array<struct kevent, kEventsMax> events_;
};

Error KqueueBackend::Init() { return Change(kWakeup, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0); }

// Made at once, not together with the next wait: before that wait the descriptor may be closed and
// its number be reused.
Error KqueueBackend::Change(uintptr_t ident, int filter, unsigned flags, unsigned fflags,
                            uintptr_t owner) {
  struct kevent change;
  EV_SET(&change, ident, static_cast<decltype(change.filter)>(filter),
         static_cast<decltype(change.flags)>(flags), fflags, 0, reinterpret_cast<void*>(owner));
  const ssize_t code =
      Uninterrupted([&] { return ssize_t{::kevent(queue_, &change, 1, nullptr, 0, nullptr)}; });
  return code < 0 ? Error::System(static_cast<int>(-code), "kevent") : Error();
}

// Waiting.

void KqueueBackend::Wait(Duration wait_max) {
  timespec time{};
  if (wait_max > Duration::zero() && wait_max != kUnlimited) {
    time.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(wait_max).count();
    time.tv_nsec = (wait_max % std::chrono::seconds(1)).count();
  }
  const int n = ::kevent(queue_, nullptr, 0, events_.data(), kEventsMax,
                         wait_max == kUnlimited ? nullptr : &time);
  HON_ASSERT(n >= 0 || errno == EINTR);
  event_count_ = std::max(n, 0);
  full_ = n == kEventsMax;
}

void KqueueBackend::Wake() {
  const Error why = Change(kWakeup, EVFILT_USER, 0, NOTE_TRIGGER, 0);
  HON_ASSERT(!why);
}

bool KqueueBackend::Deliver() {
  const bool any = event_count_ != 0 || HasReady();
  DeliverReady();
  const int count = std::exchange(event_count_, 0);
  for (int i = 0; i < count; ++i) {
    const struct kevent& event = events_[static_cast<size_t>(i)];
    if (event.filter == EVFILT_USER) continue;
    const auto tagged = reinterpret_cast<uintptr_t>(event.udata);
    auto* const object = reinterpret_cast<void*>(tagged & ~kOwnerMask);
    if (static_cast<Owner>(tagged & kOwnerMask) == Owner::kAcceptor) {
      AcceptSome(*static_cast<Acceptor*>(object));
    } else if (event.filter == EVFILT_WRITE) {
      OnWrite(*static_cast<Connection*>(object));
    } else {
      OnRead(*static_cast<Connection*>(object), event);
    }
  }
  DeliverReceived();
  return any;
}

// Accepting.

void KqueueBackend::StartAccept(Acceptor& acceptor) {
  if (std::exchange(acceptor.wanted, true)) return;
  const Error why = Change(static_cast<uintptr_t>(acceptor.fd), EVFILT_READ, EV_ADD, 0,
                           Tagged(&acceptor, Owner::kAcceptor));
  if (!why) return;
  acceptor.wanted = false;
  acceptor.OnAcceptFailed(why.SystemCode());
}

void KqueueBackend::StopAccept(Acceptor& acceptor) {
  if (!std::exchange(acceptor.wanted, false)) return;
  if (Change(static_cast<uintptr_t>(acceptor.fd), EVFILT_READ, EV_DELETE, 0, 0)) HON_ASSERT(false);
}

void KqueueBackend::CloseAcceptor(Acceptor& acceptor) {
  StopAccept(acceptor);
  ::close(std::exchange(acceptor.fd, -1));
}

// Connections.

Error KqueueBackend::Attach(Connection& c) {
  return Change(static_cast<uintptr_t>(c.Fd()), EVFILT_READ, EV_ADD | EV_CLEAR, 0,
                Tagged(&c, Owner::kConnection));
}

void KqueueBackend::WatchWritable(Connection& c) {
  if (ConnectionIo::Holds(c, ConnectionIo::Hold::kWritableInFlight)) return;
  ConnectionIo::TakeHold(c, ConnectionIo::Hold::kWritableInFlight);
  const Error why = Change(static_cast<uintptr_t>(c.Fd()), EVFILT_WRITE, EV_ADD | EV_ONESHOT, 0,
                           Tagged(&c, Owner::kConnection));
  HON_ASSERT(!why);
}

void KqueueBackend::Close(Connection& c) {
  const int fd = c.Fd();
  ConnectionIo::ForgetFd(c);
  ConnectionIo::ReleaseHold(c, ConnectionIo::Hold::kWritableInFlight);
  // Ends the filters too. Events reported before still find the object, which stays until the end
  // of the turn that delivers them.
  ::close(fd);
}

void KqueueBackend::OnWrite(Connection& c) {
  if (ConnectionIo::Closed(c)) return;
  ConnectionIo::DropHold(c, ConnectionIo::Hold::kWritableInFlight);
  ConnectionIo::Writable(c);
}

void KqueueBackend::OnRead(Connection& c, const struct kevent& event) {
  if (ConnectionIo::Closed(c)) return;
  // Set also during a connect: no second event follows for the same bytes.
  ConnectionIo::Set(c, ConnectionIo::Flag::kInputWaits);
  const bool leaving = (event.flags & EV_EOF) != 0;
  if (ConnectionIo::Connecting(c)) {
    if (leaving) ConnectionIo::Set(c, ConnectionIo::Flag::kPeerFinished);
    return;
  }
  if (ConnectionIo::WantsInput(c)) {
    if (leaving) ConnectionIo::Set(c, ConnectionIo::Flag::kPeerFinished);
    Receive(c);
  } else if (leaving) {
    ConnectionIo::PeerLeft(c, event.fflags != 0);
  }
}

}  // namespace

Result<std::unique_ptr<Backend>> MakeKqueueBackend() {
  const int queue = ::kqueue();
  if (queue < 0) return Fail(Error::System(errno, "kqueue"));
  auto backend = std::make_unique<KqueueBackend>(queue);
  if (Error why = backend->Init()) return Fail(std::move(why));
  return backend;
}

}  // namespace hon::netpoll
