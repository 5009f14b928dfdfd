#include "bench/beast/evented.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "bench/beast/request.h"
#include "hon/io/link_buffer.h"

namespace hon::beast {
namespace {

// Unread input past this pauses reading.
constexpr size_t kInputBytesMax = 64 * 1024;
// Time limit for sending the rest of the output when the connection is closed.
constexpr auto kFlushOnCloseTime = std::chrono::seconds(30);

// The blocks shared by all connections of one io_context: a hub shares some between connections.
class Blocks final : public boost::asio::execution_context::service {
 public:
  static boost::asio::execution_context::id id;
  explicit Blocks(boost::asio::execution_context& context) : service(context) {}
  io::BlockPool pool;

 private:
  void shutdown() override {}
};
boost::asio::execution_context::id Blocks::id;

io::BlockPool& PoolOf(tcp::socket& socket) {
  boost::asio::execution_context& context =
      boost::asio::query(socket.get_executor(), boost::asio::execution::context);
  return boost::asio::use_service<Blocks>(context).pool;
}

// Lives until its connection has ended and no callback of Asio is pending. All methods but Post are
// called on the thread that runs the io_context. Changes take effect in Step, which is posted, so
// that no call on the connection calls the sink.
class Evented final : public std::enable_shared_from_this<Evented> {
 public:
  Evented(Stream stream, io::ConnSink& sink)
      : stream_(std::move(stream)), timer_(stream_.Socket().get_executor()), sink_(&sink) {}

  void Open(std::string_view unread);
  /// The owner is gone: the sink is not called any more.
  void Orphan();

  [[nodiscard]] io::LinkBuffer& In() { return in_; }
  [[nodiscard]] io::LinkBuffer& Out() { return out_; }
  [[nodiscard]] bool InputEnded() const { return input_ended_; }
  [[nodiscard]] tcp::socket& Socket() { return stream_.Socket(); }
  void SetSink(io::ConnSink& sink) { sink_ = &sink; }
  void CloseWrite() {
    write_end_wanted_ = true;
    StepSoon();
  }
  void StepSoon();
  void SetDeadline(io::ConnDeadline which, TimePoint deadline);
  void Close(io::ConnClose how);
  void Post(std::function<void()> function) {
    boost::asio::post(Socket().get_executor(), std::move(function));
  }
  [[nodiscard]] const void* LoopId() {
    return &boost::asio::query(Socket().get_executor(), boost::asio::execution::context);
  }
  [[nodiscard]] bool InLoop() {
    const auto executor = Socket().get_executor();
    const auto* io = executor.target<boost::asio::io_context::executor_type>();
    return io != nullptr && io->running_in_this_thread();
  }

 private:
  void Step();
  void Send();
  void Receive();
  void OnTimer();
  void Await();
  void EndOutput();
  void Finish(Error why);

  Stream stream_;
  boost::asio::steady_timer timer_;
  io::ConnSink* sink_;  // null once the owner is gone, or after OnClosed
  io::LinkBuffer in_{PoolOf(stream_.Socket())};
  io::LinkBuffer out_{PoolOf(stream_.Socket())};
  std::array<TimePoint, 3> deadlines_{kNever, kNever, kNever};
  TimePoint armed_for_ = kNever;
  TimePoint end_by_ = kNever;  // time limit of a closing connection
  std::optional<io::ConnClose> closing_;
  size_t discarded_ = 0;  // bytes, while it lingers
  bool lingers_ = false;
  bool write_end_wanted_ = false;
  bool input_ended_ = false;
  bool out_blocked_ = false;
  bool step_posted_ = false;
  bool awaits_input_ = false;
  bool awaits_output_ = false;
};

/// The EventConn that the sink owns.
class Handle final : public io::EventConn {
 public:
  explicit Handle(std::shared_ptr<Evented> evented) : evented_(std::move(evented)) {}
  ~Handle() override { evented_->Orphan(); }

  void SetSink(io::ConnSink& sink) override {
    evented_->SetSink(sink);
    for (const auto which :
         {io::ConnDeadline::kRead, io::ConnDeadline::kWrite, io::ConnDeadline::kIdle}) {
      evented_->SetDeadline(which, kNever);
    }
  }
  [[nodiscard]] io::LinkBuffer& In() override { return evented_->In(); }
  void ConsumedInput() override { evented_->StepSoon(); }
  [[nodiscard]] bool InputEnded() const override { return evented_->InputEnded(); }
  [[nodiscard]] io::LinkBuffer& Out() override { return evented_->Out(); }
  void SendSoon() override { evented_->StepSoon(); }
  void SendNow(std::string_view head, std::string_view body) override {
    evented_->Out().Write(head);
    evented_->Out().Write(body);
    evented_->StepSoon();
  }
  void CloseWrite() override { evented_->CloseWrite(); }
  void SetDeadline(io::ConnDeadline which, TimePoint deadline) override {
    evented_->SetDeadline(which, deadline);
  }
  void Close(io::ConnClose how) override { evented_->Close(how); }
  [[nodiscard]] std::string LocalAddr() const override { return LocalAddress(evented_->Socket()); }
  [[nodiscard]] std::string RemoteAddr() const override {
    return RemoteAddress(evented_->Socket());
  }
  void Post(std::function<void()> function) override { evented_->Post(std::move(function)); }
  [[nodiscard]] bool InLoop() const override { return evented_->InLoop(); }
  [[nodiscard]] const void* LoopId() const override { return evented_->LoopId(); }

 private:
  std::shared_ptr<Evented> evented_;
};

void Evented::Open(std::string_view unread) {
  in_.Write(unread);
  sink_->OnOpen(std::make_unique<Handle>(shared_from_this()));
  StepSoon();
}

void Evented::Orphan() {
  if (sink_ == nullptr) return;
  sink_ = nullptr;
  Close(io::ConnClose::kAbort);
}

void Evented::StepSoon() {
  if (std::exchange(step_posted_, true)) return;
  Post([self = shared_from_this()] {
    self->step_posted_ = false;
    self->Step();
  });
}

void Evented::SetDeadline(io::ConnDeadline which, TimePoint deadline) {
  deadlines_[static_cast<size_t>(which)] = deadline;
  StepSoon();
}

void Evented::Close(io::ConnClose how) {
  if (closing_ && how != io::ConnClose::kAbort) return;
  closing_ = how;
  end_by_ = Clock::now() + kFlushOnCloseTime;
  StepSoon();
}

void Evented::Step() {
  if (!Socket().is_open()) return;
  if (closing_ == io::ConnClose::kAbort) {
    bb::error_code ignored;
    Socket().set_option(boost::asio::socket_base::linger(true, 0), ignored);
    return Finish({});
  }
  if (!out_blocked_) Send();
  if (Socket().is_open() && closing_ && out_.Empty()) EndOutput();
  if (Socket().is_open() && !closing_ && out_.Empty() && std::exchange(write_end_wanted_, false)) {
    bb::error_code ignored;
    Socket().shutdown(tcp::socket::shutdown_send, ignored);
  }
  if (Socket().is_open()) Await();
}

void Evented::Send() {
  while (!out_.Empty()) {
    bb::error_code problem;
    const std::string_view front = out_.Front();
    const size_t n = Socket().write_some(boost::asio::buffer(front.data(), front.size()), problem);
    static_cast<void>(out_.Skip(n));
    if (problem == boost::asio::error::would_block) {
      out_blocked_ = true;
      return;
    }
    if (problem) return Finish(ToError(problem));
  }
}

// All output is sent, and the connection is closing.
void Evented::EndOutput() {
  if (closing_ == io::ConnClose::kGraceful || input_ended_) return Finish({});
  if (std::exchange(lingers_, true)) return;
  bb::error_code problem;
  Socket().shutdown(tcp::socket::shutdown_send, problem);
  end_by_ = Clock::now() + kLingerTime;
  in_.Clear();
}

// One read is a socket's share of a turn.
void Evented::Receive() {
  const std::span<char> room = in_.Room();
  bb::error_code problem;
  const size_t n = Socket().read_some(boost::asio::buffer(room.data(), room.size()), problem);
  if (problem == boost::asio::error::would_block) return;
  if (problem == boost::asio::error::eof) {
    input_ended_ = true;
  } else if (problem) {
    return Finish(ToError(problem));
  } else {
    in_.MallocAck(n);
  }
  if (closing_) {
    discarded_ += n;
    in_.Clear();
    if (lingers_ && (input_ended_ || discarded_ >= kLingerBytesMax)) Finish({});
    return;
  }
  if (sink_ != nullptr) sink_->OnInput();
}

void Evented::OnTimer() {
  armed_for_ = kNever;
  const TimePoint now = Clock::now();
  if (closing_ && end_by_ <= now) {
    return Finish(lingers_ ? Error() : Error(io::ErrDeadlineExceeded));
  }
  for (size_t i = 0; i < deadlines_.size() && !closing_ && sink_ != nullptr; ++i) {
    if (deadlines_[i] > now) continue;
    deadlines_[i] = kNever;
    sink_->OnDeadline(static_cast<io::ConnDeadline>(i));
  }
}

void Evented::Await() {
  const bool wants_input = !input_ended_ && in_.Len() < kInputBytesMax && (!closing_ || lingers_);
  if (wants_input && !std::exchange(awaits_input_, true)) {
    Socket().async_wait(tcp::socket::wait_read, [self = shared_from_this()](bb::error_code) {
      self->awaits_input_ = false;
      if (self->Socket().is_open()) self->Receive();
      self->Step();
    });
  }
  if (out_blocked_ && !std::exchange(awaits_output_, true)) {
    Socket().async_wait(tcp::socket::wait_write, [self = shared_from_this()](bb::error_code) {
      self->awaits_output_ = self->out_blocked_ = false;
      if (!self->Socket().is_open()) return;
      self->Send();
      const bool drained = self->Socket().is_open() && !self->out_blocked_;
      if (drained && !self->closing_ && self->sink_ != nullptr) self->sink_->OnDrained();
      self->Step();
    });
  }
  const TimePoint earliest =
      closing_ ? end_by_ : *std::min_element(deadlines_.begin(), deadlines_.end());
  if (earliest == armed_for_) return;
  armed_for_ = earliest;
  if (earliest == kNever) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::max<Duration>(earliest - Clock::now(), Duration::zero()));
  timer_.async_wait([self = shared_from_this()](bb::error_code problem) {
    if (problem || !self->Socket().is_open()) return;  // set anew, or the connection has ended
    self->OnTimer();
    self->Step();
  });
}

void Evented::Finish(Error why) {
  bb::error_code ignored;
  Socket().close(ignored);
  timer_.cancel();
  if (sink_ != nullptr) std::exchange(sink_, nullptr)->OnClosed(why);
  in_.Clear();
  out_.Clear();
}

}  // namespace

void RunEvented(Stream stream, const std::string& unread, io::ConnSink& sink) {
  const auto executor = stream.Socket().get_executor();
  const auto evented = std::make_shared<Evented>(std::move(stream), sink);
  std::promise<void> opened;
  boost::asio::dispatch(executor, [&] {
    evented->Open(unread);
    opened.set_value();
  });
  opened.get_future().wait();
}

}  // namespace hon::beast
