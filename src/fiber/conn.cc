#include "hon/fiber/conn.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "hon/base/assert.h"
#include "hon/fiber/fiber.h"
#include "hon/io/stream.h"
#include "hon/netpoll/loop.h"

namespace hon::fiber {
namespace {

// For connections that nobody looks at any more.
class NoEvents final : public netpoll::EventHandler {
 public:
  static NoEvents& Instance() {
    static NoEvents instance;
    return instance;
  }
  void OnRequest(netpoll::Connection&) override {}
};

using netpoll::CloseHow;
using netpoll::DeadlineKind;

static_assert(static_cast<int>(io::ConnDeadline::kRead) == static_cast<int>(DeadlineKind::kRead));
static_assert(static_cast<int>(io::ConnDeadline::kWrite) == static_cast<int>(DeadlineKind::kWrite));
static_assert(static_cast<int>(io::ConnDeadline::kIdle) == static_cast<int>(DeadlineKind::kIdle));

CloseHow HowOf(io::ConnClose how) {
  switch (how) {
    case io::ConnClose::kGraceful:
      return CloseHow::kGraceful;
    case io::ConnClose::kLinger:
      return CloseHow::kLinger;
    case io::ConnClose::kAbort:
      return CloseHow::kAbort;
  }
  return CloseHow::kAbort;
}

void LiftDeadlines(netpoll::Connection& connection) {
  for (const auto kind : {DeadlineKind::kRead, DeadlineKind::kWrite, DeadlineKind::kIdle}) {
    connection.SetDeadline(kind, kNever);
  }
}

class LoopConn final : public io::EventConn, private netpoll::EventHandler {
 public:
  LoopConn(netpoll::Connection& connection, io::ConnSink& sink)
      : connection_(&connection), sink_(&sink) {
    connection.Retain();
    connection.SetEventHandler(*this);
  }

  ~LoopConn() override {
    connection_->SetEventHandler(NoEvents::Instance());
    connection_->Close(CloseHow::kAbort);
    connection_->Release();
  }

  [[nodiscard]] io::LinkBuffer& In() override { return connection_->Reader(); }
  void ConsumedInput() override { connection_->ConsumedInput(); }
  [[nodiscard]] bool InputEnded() const override { return connection_->InputEnded(); }
  [[nodiscard]] io::LinkBuffer& Out() override { return connection_->Writer(); }
  void SendSoon() override { connection_->FlushLater(); }
  void SendNow(std::string_view head, std::string_view body) override {
    const Error err = connection_->SendNow(head, body);
    static_cast<void>(err);  // a broken connection tells by OnClosed
  }
  void SetDeadline(io::ConnDeadline which, TimePoint deadline) override {
    connection_->SetDeadline(static_cast<DeadlineKind>(which), deadline);
  }
  void Close(io::ConnClose how) override { connection_->Close(HowOf(how)); }
  [[nodiscard]] std::string LocalAddr() const override { return connection_->LocalAddr(); }
  [[nodiscard]] std::string RemoteAddr() const override { return connection_->RemoteAddr(); }

  void Post(std::function<void()> function) override {
    connection_->GetLoop().Post(std::move(function));
  }
  [[nodiscard]] bool InLoop() const override { return connection_->GetLoop().InLoopThread(); }
  [[nodiscard]] const void* LoopId() const override { return &connection_->GetLoop(); }

 private:
  void OnRequest(netpoll::Connection&) override { sink_->OnInput(); }
  void OnWritable(netpoll::Connection&) override { sink_->OnDrained(); }
  void OnTimeout(netpoll::Connection&, DeadlineKind kind) override {
    sink_->OnDeadline(static_cast<io::ConnDeadline>(kind));
  }
  void OnDisconnect(netpoll::Connection&, const Error& why) override { sink_->OnClosed(why); }

  netpoll::Connection* connection_;
  io::ConnSink* sink_;
};

class FiberConn final : public io::Conn, private netpoll::EventHandler {
 public:
  explicit FiberConn(netpoll::Connection& connection) : connection_(&connection) {
    connection.Retain();
    connection.SetEventHandler(*this);
    LiftDeadlines(connection);
    connection.ResumeRead();
    connection.ConsumedInput();
    connection.FlushLater();
  }

  ~FiberConn() override {
    HON_ASSERT(read_.waiter == nullptr && write_.waiter == nullptr);
    const Error err = Close();
    static_cast<void>(err);
    if (!spent_) connection_->SetEventHandler(NoEvents::Instance());
    connection_->Release();
  }

  io::IoResult Read(std::span<char> into) override {
    if (spent_) return {0, io::ErrClosed};
    if (into.empty()) return {};
    while (connection_->Reader().Empty()) {
      if (connection_->InputEnded()) return {0, EndOfInput()};
      if (Error err = Wait(read_)) return {0, std::move(err)};
    }
    const size_t n = connection_->Reader().ReadInto(into);
    connection_->ConsumedInput();
    return {n, {}};
  }

  io::IoResult Write(std::string_view data) override {
    size_t done = 0;
    while (done < data.size()) {
      if (Error err = Obstacle(write_)) return {done, std::move(err)};
      io::LinkBuffer& out = connection_->Writer();
      if (out.Len() >= io::kHighWaterBytes) {
        if (Error err = connection_->Flush()) return {done, std::move(err)};
        if (out.Len() < io::kHighWaterBytes) continue;
        if (Error err = Wait(write_)) return {done, std::move(err)};
        continue;
      }
      const size_t part = std::min(data.size() - done, io::kHighWaterBytes - out.Len());
      out.Write(data.substr(done, part));
      done += part;
      connection_->FlushLater();
    }
    return {done, {}};
  }

  Error CloseWrite() override {
    HON_RETURN_IF_ERROR(Obstacle(write_));
    connection_->CloseWrite();
    return {};
  }

  Error Close() override {
    if (std::exchange(closed_, true)) return io::ErrClosed;
    if (!gone_) connection_->Close();
    WakeUp(read_);
    WakeUp(write_);
    return {};
  }

  void SetReadDeadline(TimePoint deadline) override { Set(read_, DeadlineKind::kRead, deadline); }
  void SetWriteDeadline(TimePoint deadline) override {
    Set(write_, DeadlineKind::kWrite, deadline);
  }
  [[nodiscard]] std::string LocalAddr() const override { return connection_->LocalAddr(); }
  [[nodiscard]] std::string RemoteAddr() const override { return connection_->RemoteAddr(); }

  Error BecomeEvented(io::ConnSink& sink) override {
    HON_ASSERT(read_.waiter == nullptr && write_.waiter == nullptr);
    if (closed_) return io::ErrClosed;
    if (gone_) return gone_;
    LiftDeadlines(*connection_);
    closed_ = true;
    spent_ = true;
    sink.OnOpen(std::make_unique<LoopConn>(*connection_, sink));
    return {};
  }

 private:
  struct Direction {
    Fiber* waiter = nullptr;
    bool expired = false;
  };

  void OnRequest(netpoll::Connection&) override { WakeUp(read_); }
  void OnWritable(netpoll::Connection&) override { WakeUp(write_); }
  void OnTimeout(netpoll::Connection&, DeadlineKind kind) override {
    Direction& direction = kind == DeadlineKind::kRead ? read_ : write_;
    direction.expired = true;
    WakeUp(direction);
  }
  void OnDisconnect(netpoll::Connection&, const Error& why) override {
    gone_ = why ? why : Error(io::ErrClosed);
    WakeUp(read_);
    WakeUp(write_);
  }

  [[nodiscard]] Error EndOfInput() const {
    return connection_->InputTruncated() ? Error(io::ErrUnexpectedEof) : Error(io::ErrEof);
  }

  [[nodiscard]] Error Obstacle(const Direction& direction) const {
    if (closed_) return io::ErrClosed;
    if (gone_) return gone_;
    if (direction.expired) return io::ErrDeadlineExceeded;
    return {};
  }

  Error Wait(Direction& direction) {
    HON_RETURN_IF_ERROR(Obstacle(direction));
    HON_ASSERT(direction.waiter == nullptr);  // one fiber for each direction
    direction.waiter = Current();
    HON_ASSERT(direction.waiter != nullptr);
    Park();
    direction.waiter = nullptr;
    return Obstacle(direction);
  }

  static void WakeUp(Direction& direction) {
    if (direction.waiter != nullptr) Wake(*direction.waiter);
  }

  void Set(Direction& direction, DeadlineKind kind, TimePoint deadline) {
    if (spent_) return;
    direction.expired = deadline <= Clock::now();
    if (!gone_) connection_->SetDeadline(kind, direction.expired ? kNever : deadline);
    if (direction.expired) WakeUp(direction);
  }

  netpoll::Connection* connection_;
  Direction read_;
  Direction write_;
  Error gone_;
  bool closed_ = false;
  bool spent_ = false;  // its events go to a LoopConn
};

}  // namespace

std::unique_ptr<io::Conn> NewConn(netpoll::Connection& connection) {
  return std::make_unique<FiberConn>(connection);
}

Result<std::unique_ptr<io::Conn>> Dial(std::string_view address, Duration timeout,
                                       std::unique_ptr<io::RecordLayer> layer) {
  // Shared with the loop, which answers even after this fiber gave up.
  struct State {
    std::optional<Result<std::unique_ptr<io::Conn>>> outcome;
    Fiber* waiter = nullptr;
  };
  auto state = std::make_shared<State>();
  state->waiter = Current();
  HON_ASSERT(state->waiter != nullptr);
  const auto done = [state](Result<netpoll::Connection*> connection) {
    if (connection) {
      state->outcome = NewConn(**connection);
    } else {
      state->outcome = Fail(std::move(connection.error()));
    }
    if (state->waiter != nullptr) Wake(*state->waiter);
  };
  Scheduler::Current()->GetLoop().Dial(address, NoEvents::Instance(), timeout, done,
                                       std::move(layer));
  while (!state->outcome) {
    Park();
    if (!state->outcome && CurrentContext().Done()) {
      state->waiter = nullptr;
      return Fail(CurrentContext().Cause());
    }
  }
  return std::move(*state->outcome);
}

}  // namespace hon::fiber
