#include "hon/netpoll/listener.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <new>
#include <utility>

#include "hon/base/assert.h"
#include "hon/io/io.h"
#include "hon/netpoll/connection.h"
#include "hon/netpoll/loop.h"
#include "hon/netpoll/timer.h"
#include "netpoll/backend.h"
#include "netpoll/loop_io.h"
#include "netpoll/no_memory.h"

namespace hon::netpoll {
namespace {

// Waiting connections that are closed at a time.
constexpr unsigned kTurnedAwayMax = 64;

int OpenReserve() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

/// An accepted socket posted to another loop.
class HandOver final : public Task {
 public:
  HandOver(const Listener::Target& target, int fd) : target_(target), fd_(fd) {}
  void Run() override {
    const std::unique_ptr<HandOver> self(this);
    // A failure has closed the socket; no error is reported.
    if (!LoopIo::AdoptPrepared(*target_.loop, fd_, *target_.handler)) return;
  }
  void Discard() override {
    ::close(fd_);
    delete this;
  }

 private:
  Listener::Target target_;
  int fd_;
};

}  // namespace

class AcceptingListener final : public Listener {
 public:
  AcceptingListener(Loop& loop, ListenSocket socket, std::vector<Target> targets,
                    ErrorHook on_error, Wakes wakes);
  ~AcceptingListener() override;

  [[nodiscard]] const std::string& Address() const override { return socket_.Address(); }
  [[nodiscard]] uint64_t Accepted() const override {
    return accepted_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] uint64_t HandedOver() const override {
    return handed_over_.load(std::memory_order_relaxed);
  }
  void Pause() override;
  void Resume() override;

 private:
  /// The acceptor for the backend; owned by the loop.
  class SocketAcceptor final : public Acceptor {
   public:
    SocketAcceptor(int listening_fd, AcceptingListener& listener)
        : Acceptor(listening_fd), listener_(&listener) {}
    void OnAccepted(int accepted) override;
    void OnAcceptFailed(int errno_value) override;
    void OnLoopGone() override;
    void Detach() { listener_ = nullptr; }

   private:
    AcceptingListener* listener_;
  };

  class RetryTimer final : public Timer {
   public:
    explicit RetryTimer(AcceptingListener& listener) : listener_(listener) {}
    void OnTimer() override { listener_.Retry(); }

   private:
    AcceptingListener& listener_;
  };

  void Take(int fd);
  void Tell(const Error& err, Duration retry_in) const;
  [[nodiscard]] const Target& Choose() const;
  void OnShortage(int errno_value);
  void Retry();
  void TurnAway();

  Loop& loop_;
  ListenSocket socket_;
  std::vector<Target> targets_;
  const Target* own_ = nullptr;  // of the listener's loop; null where that is no target
  ErrorHook on_error_;
  SocketAcceptor* acceptor_;  // null once the loop is gone
  RetryTimer timer_{*this};
  Duration retry_in_ = Duration::zero();
  int last_error_ = 0;
  int reserve_ = OpenReserve();
  bool paused_ = false;
  std::atomic<uint64_t> accepted_{0};
  std::atomic<uint64_t> handed_over_{0};
};

Result<std::unique_ptr<Listener>> Listener::Start(Loop& loop, ListenSocket socket,
                                                  std::vector<Target> targets, ErrorHook on_error,
                                                  Wakes wakes) {
  if (targets.empty()) return Fail(Error::New("a listener needs a target"));
  return std::make_unique<AcceptingListener>(loop, std::move(socket), std::move(targets),
                                             std::move(on_error), wakes);
}

const Listener::Target* Listener::LeastBusy(const std::vector<Target>& targets, TimePoint now,
                                            const Loop* except) {
  const Target* best = nullptr;
  size_t best_load = 0;
  bool best_punctual = false;
  for (const Target& target : targets) {
    if (target.loop == except) continue;
    const size_t load = target.loop->Connections();
    const bool punctual = target.loop->BusyFor(now) <= kPunctualTurnMax;
    const bool better = punctual == best_punctual ? load < best_load : punctual;
    if (best != nullptr && !better) continue;
    best = &target;
    best_load = load;
    best_punctual = punctual;
  }
  return best;
}

void Listener::Give(const Target& target, int fd) {
  auto* const task = new (std::nothrow) HandOver(target, fd);
  if (task == nullptr) return void(::close(fd));
  LoopIo::Expect(*target.loop);
  target.loop->Post(*task);
}

AcceptingListener::AcceptingListener(Loop& loop, ListenSocket socket, std::vector<Target> targets,
                                     ErrorHook on_error, Wakes wakes)
    : loop_(loop),
      socket_(std::move(socket)),
      targets_(std::move(targets)),
      on_error_(std::move(on_error)) {
  for (const Target& target : targets_) {
    if (target.loop == &loop_) own_ = &target;
  }
  auto acceptor = std::make_unique<SocketAcceptor>(socket_.TakeFd(), *this);
  acceptor->exclusive = wakes == Wakes::kOne;
  acceptor_ = acceptor.get();
  LoopIo::Own(loop_, std::move(acceptor));
  LoopIo::BackendOf(loop_).StartAccept(*acceptor_);
}

AcceptingListener::~AcceptingListener() {
  if (reserve_ >= 0) ::close(reserve_);
  if (acceptor_ == nullptr) return;
  LoopIo::BackendOf(loop_).CloseAcceptor(*acceptor_);
  acceptor_->Detach();
  acceptor_->retired = true;
}

void AcceptingListener::Pause() {
  if (acceptor_ == nullptr || std::exchange(paused_, true)) return;
  timer_.Disarm();
  LoopIo::BackendOf(loop_).StopAccept(*acceptor_);
}

void AcceptingListener::Resume() {
  if (acceptor_ == nullptr || !std::exchange(paused_, false)) return;
  LoopIo::BackendOf(loop_).StartAccept(*acceptor_);
}

void AcceptingListener::SocketAcceptor::OnAccepted(int accepted) {
  if (listener_ == nullptr) {
    ::close(accepted);
    return;
  }
  listener_->Take(accepted);
}

void AcceptingListener::SocketAcceptor::OnAcceptFailed(int errno_value) {
  if (listener_ != nullptr) listener_->OnShortage(errno_value);
}

void AcceptingListener::SocketAcceptor::OnLoopGone() {
  if (listener_ == nullptr) return;
  listener_->timer_.Disarm();
  listener_->acceptor_ = nullptr;
}

const Listener::Target& AcceptingListener::Choose() const {
  const Target* const other = LeastBusy(targets_, loop_.Now(), own_ == nullptr ? nullptr : &loop_);
  if (own_ == nullptr) return *other;
  if (other == nullptr) return *own_;
  const size_t load = other->loop->Connections();
  const bool clearly_less = loop_.Connections() > load + load / kHandOverShare;
  return clearly_less && other->loop->BusyFor(loop_.Now()) <= kPunctualTurnMax ? *other : *own_;
}

void AcceptingListener::Take(int fd) {
  accepted_.fetch_add(1, std::memory_order_relaxed);
  retry_in_ = Duration::zero();
  if (reserve_ < 0) [[unlikely]]
    reserve_ = OpenReserve();
  const Target& target = Choose();
  if (target.loop != &loop_) {
    handed_over_.fetch_add(1, std::memory_order_relaxed);
    return Give(target, fd);
  }
  LoopIo::Expect(loop_);
  // A failure has closed the socket. The cause is a lack of memory, or a handler that has rejected
  // the connection, which is no error.
  const Result<Connection*> adopted = LoopIo::AdoptPrepared(loop_, fd, *target.handler);
  if (adopted || adopted.error().Is(io::ErrClosed)) return;
  Tell(adopted.error(), Duration::zero());
}

void AcceptingListener::Tell(const Error& err, Duration retry_in) const {
  if (on_error_) OrDrop([&] { on_error_(err, retry_in); });
}

void AcceptingListener::OnShortage(int errno_value) {
  const bool long_lasting = retry_in_ == kAcceptRetryMax;
  retry_in_ =
      retry_in_ == Duration::zero() ? kAcceptRetryMin : std::min(retry_in_ * 2, kAcceptRetryMax);
  last_error_ = errno_value;
  Tell(Error::System(errno_value, "accept"), retry_in_);
  if (paused_ || acceptor_ == nullptr) return;
  if (long_lasting && (errno_value == EMFILE || errno_value == ENFILE)) TurnAway();
  loop_.Timers().Arm(timer_, loop_.Now() + retry_in_);
}

void AcceptingListener::Retry() {
  if (reserve_ < 0) reserve_ = OpenReserve();
  if (acceptor_ != nullptr && !paused_) LoopIo::BackendOf(loop_).StartAccept(*acceptor_);
}

void AcceptingListener::TurnAway() {
  if (reserve_ < 0) return;
  ::close(std::exchange(reserve_, -1));
  Backend& backend = LoopIo::BackendOf(loop_);
  for (unsigned i = 0; i < kTurnedAwayMax; ++i) {
    const int fd = backend.AcceptNow(acceptor_->fd);
    if (fd < 0) break;
    backend.CloseNow(fd);
  }
  reserve_ = OpenReserve();
}

}  // namespace hon::netpoll
