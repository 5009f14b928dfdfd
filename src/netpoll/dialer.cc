#include "netpoll/dialer.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "hon/base/assert.h"
#include "hon/base/thread.h"
#include "hon/io/io.h"
#include "netpoll/address.h"
#include "netpoll/backend.h"
#include "netpoll/loop_io.h"

namespace hon::netpoll {
namespace {

using Addresses = std::vector<SocketAddress>;

/// Handles the events of connections whose dial was cancelled in the handshake.
class NoEventsOfCancelled final : public EventHandler {
 public:
  static NoEventsOfCancelled& Instance() {
    static NoEventsOfCancelled instance;
    return instance;
  }
  void OnRequest(Connection&) override {}
};

}  // namespace

/// Looks names up, one after the other, on a separate thread.
class Dialer::Resolver {
 public:
  using Found = std::function<void(Result<Addresses>)>;  // called on the resolver's thread

  ~Resolver() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.Joinable()) thread_.Join();
  }

  /// Fails when the thread cannot be started; the next call tries again.
  Error LookUp(std::string address, Found found) {
    if (!thread_.Joinable()) {
      Result<Thread> thread = Thread::Start({.name = "hon-resolver"}, [this] { Work(); });
      if (!thread) return std::move(thread.error());
      thread_ = std::move(*thread);
    }
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back({std::move(address), std::move(found)});
    }
    changed_.notify_one();
    return {};
  }

 private:
  struct Question {
    std::string address;
    Found found;
  };

  void Work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      const Question question = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      question.found(ResolveAddress(question.address, AddressUse::kDial));
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Question> queue_;
  bool stopping_ = false;
  Thread thread_;  // started by the first LookUp
};

/// A single Dial: its addresses, its deadline, and the connecting socket.
class Dialer::Attempt final : public Timer {
 public:
  Attempt(Dialer& dialer, uint64_t number, std::string_view address, EventHandler& handler,
          TimePoint deadline, Done done, std::unique_ptr<io::RecordLayer> layer)
      : dialer_(dialer),
        number_(number),
        address_(address),
        handler_(handler),
        deadline_(deadline),
        done_(std::move(done)),
        layer_(std::move(layer)) {}

  [[nodiscard]] uint64_t Number() const { return number_; }
  [[nodiscard]] const std::string& Address() const { return address_; }
  [[nodiscard]] const EventHandler& Handler() const { return handler_; }
  void Report(Result<Connection*> result) { done_(std::move(result)); }

  /// Waits for the addresses, until the deadline.
  void AwaitAddresses() { dialer_.loop_.Timers().Arm(*this, deadline_); }
  /// Tries the addresses, or fails with the error in their place. The object is destroyed at the
  /// last step of an attempt, here and in the following methods.
  void TryAll(Result<Addresses> addresses);
  void OnProgress();
  void OnTimer() override;
  /// Abandons the connecting socket.
  void Abandon();

 private:
  void TryNext();
  Error Connect(const SocketAddress& to);
  void Failed(Error why);
  void Succeeded();

  Dialer& dialer_;
  uint64_t number_;
  std::string address_;
  EventHandler& handler_;
  TimePoint deadline_;
  Done done_;
  std::unique_ptr<io::RecordLayer> layer_;
  Addresses addresses_;
  size_t tried_ = 0;
  Error first_failure_;
  Connection* connecting_ = nullptr;
};

void Dialer::Attempt::TryAll(Result<Addresses> addresses) {
  if (!addresses) return dialer_.Finish(*this, Fail(std::move(addresses.error())));
  addresses_ = std::move(*addresses);
  TryNext();
}

void Dialer::Attempt::TryNext() {
  Disarm();
  if (tried_ == addresses_.size()) {
    return dialer_.Finish(*this, Fail(std::move(first_failure_)));
  }
  // Each address has an equal share of the time left.
  const TimePoint now = LoopIo::BackendOf(dialer_.loop_).Now();
  const auto left = static_cast<int64_t>(addresses_.size() - tried_);
  const TimePoint limit = deadline_ == kNever ? kNever : now + (deadline_ - now) / left;
  dialer_.loop_.Timers().Arm(*this, limit);
  if (Error why = Connect(addresses_[tried_++])) return Failed(std::move(why));
}

Error Dialer::Attempt::Connect(const SocketAddress& to) {
  Backend& backend = LoopIo::BackendOf(dialer_.loop_);
  bool connected = false;
  const int fd = backend.StartConnect(to, &connected);
  if (fd < 0) return Error::System(-fd, "connect");
  Result<Connection*> c = LoopIo::NewConnecting(dialer_.loop_, fd, handler_);
  if (!c) return std::move(c.error());
  connecting_ = *c;
  connecting_->SetUserData(this);
  if (connected) {
    Succeeded();
  } else {
    backend.WatchWritable(*connecting_);
  }
  return {};
}

void Dialer::Attempt::OnProgress() {
  const int error = LoopIo::BackendOf(dialer_.loop_).TakeError(connecting_->Fd());
  if (error == 0) return Succeeded();
  Abandon();
  Failed(Error::System(error, "connect"));
}

void Dialer::Attempt::OnTimer() {
  if (connecting_ == nullptr) {  // the name look-up is pending
    return dialer_.Finish(*this, Fail(io::ErrDeadlineExceeded));
  }
  Abandon();
  Failed(io::ErrDeadlineExceeded);
}

void Dialer::Attempt::Abandon() {
  if (connecting_ == nullptr) return;
  LoopIo::AbandonConnecting(*std::exchange(connecting_, nullptr));
}

void Dialer::Attempt::Failed(Error why) {
  if (!first_failure_) first_failure_ = std::move(why);
  TryNext();
}

void Dialer::Attempt::Succeeded() {
  Connection* c = std::exchange(connecting_, nullptr);
  c->SetUserData(nullptr);
  if (layer_ == nullptr) return dialer_.Finish(*this, LoopIo::Established(*c));
  Disarm();
  const TimePoint now = LoopIo::BackendOf(dialer_.loop_).Now();
  const Duration left = deadline_ == kNever ? kUnlimited : deadline_ - now;
  Result<Connection*> established = LoopIo::Established(*c, std::move(layer_), left);
  if (!established || !LoopIo::AwaitHandshake(*c)) {
    return dialer_.Finish(*this, std::move(established));
  }
  dialer_.AwaitHandshake(*this, *c);
}

Dialer::Dialer(Loop& loop) : loop_(loop) {}

Dialer::~Dialer() { Stop(); }

Dialer::Attempt* Dialer::Find(uint64_t number) {
  const auto found = attempts_.find(number);
  return found == attempts_.end() ? nullptr : found->second.get();
}

void Dialer::Dial(std::string_view address, EventHandler& handler, Duration timeout, Done done,
                  std::unique_ptr<io::RecordLayer> layer) {
  const uint64_t number = ++last_number_;
  // Uses the clock, since the turn may have begun long ago.
  const TimePoint deadline = DeadlineAfter(LoopIo::BackendOf(loop_).Now(), timeout);
  attempts_.emplace(number, std::make_unique<Attempt>(*this, number, address, handler, deadline,
                                                      std::move(done), std::move(layer)));
  loop_.Post([this, number] {
    if (Attempt* attempt = Find(number)) LookUp(*attempt);
  });
}

void Dialer::LookUp(Attempt& attempt) {
  Result<Addresses> addresses = ResolveAddress(attempt.Address(), AddressUse::kDial, true);
  if (!addresses || !addresses->empty()) return attempt.TryAll(std::move(addresses));
  attempt.AwaitAddresses();
  if (resolver_ == nullptr) resolver_ = std::make_unique<Resolver>();
  const auto found = [this, number = attempt.Number()](Result<Addresses> answer) {
    loop_.Post([this, number, addresses = std::move(answer)]() mutable {
      if (Attempt* waiting = Find(number)) waiting->TryAll(std::move(addresses));
    });
  };
  if (Error why = resolver_->LookUp(attempt.Address(), found)) {
    Finish(attempt, Fail(std::move(why)));
  }
}

void Dialer::OnProgress(Connection& c) { static_cast<Attempt*>(c.UserData())->OnProgress(); }

void Dialer::AwaitHandshake(Attempt& attempt, Connection& c) {
  handshaking_.emplace(&c, attempt.Number());
}

void Dialer::OnHandshakeEnd(Connection& c, Error why) {
  const auto node = handshaking_.extract(&c);
  if (node.empty()) return;  // Stop was called before
  Attempt* const attempt = Find(node.mapped());
  HON_ASSERT(attempt != nullptr);
  if (why) return Finish(*attempt, Fail(std::move(why)));
  Finish(*attempt, &c);
}

void Dialer::Finish(Attempt& attempt, Result<Connection*> result) {
  const auto node = attempts_.extract(attempt.Number());
  if (!result) {
    result = Fail(Error::Wrap("dial " + attempt.Address(), std::move(result.error())));
  }
  attempt.Report(std::move(result));
}

void Dialer::Cancel(const EventHandler& handler) {
  for (auto shaking = handshaking_.begin(); shaking != handshaking_.end();) {
    Attempt* const attempt = Find(shaking->second);
    HON_ASSERT(attempt != nullptr);
    if (&attempt->Handler() != &handler) {
      ++shaking;
      continue;
    }
    Connection* const c = shaking->first;
    shaking = handshaking_.erase(shaking);
    c->SetEventHandler(NoEventsOfCancelled::Instance());
    c->Close(CloseHow::kAbort);
  }
  // The attempts are destroyed last: their Done may own the handler.
  std::vector<std::unique_ptr<Attempt>> ended;
  for (auto one = attempts_.begin(); one != attempts_.end();) {
    if (&one->second->Handler() != &handler) {
      ++one;
      continue;
    }
    one->second->Abandon();
    ended.push_back(std::move(one->second));
    one = attempts_.erase(one);
  }
}

void Dialer::Stop() {
  resolver_.reset();
  handshaking_.clear();
  while (!attempts_.empty()) {
    Attempt& attempt = *attempts_.begin()->second;
    attempt.Abandon();
    Finish(attempt, Fail(io::ErrClosed));
  }
}

}  // namespace hon::netpoll
