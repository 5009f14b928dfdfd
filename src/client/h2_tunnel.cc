#include "client/h2_tunnel.h"

#include <utility>

#include "client/h2_conn.h"
#include "hon/appcontext/callback_guard.h"
#include "hon/fiber/conn.h"

namespace hon::client {

TunnelState::TunnelState(std::shared_ptr<H2Stream> stream)
    : stream_(std::move(stream)),
      loop_(fiber::Scheduler::Current()->GetLoop()),
      in_(loop_.Blocks()) {
  for (const auto which :
       {io::ConnDeadline::kRead, io::ConnDeadline::kWrite, io::ConnDeadline::kIdle}) {
    deadlines_[static_cast<size_t>(which)].on_timer = [this, which] {
      if (sink_ == nullptr || closing_) return;
      const std::shared_ptr<TunnelState> self = shared_from_this();
      const Error thrown = appcontext::CallbackGuard().Call("io::ConnSink::OnDeadline",
                                                            [&] { sink_->OnDeadline(which); });
      if (thrown) OnGone(thrown);
    };
  }
  closing_deadline_.on_timer = [this] { Note(kEnd); };
}

TunnelState::~TunnelState() = default;

void TunnelState::Note(Event event) {
  events_ |= event;
  if (deferred_) return;
  deferred_ = true;
  kept_ = shared_from_this();
  loop_.Defer(*this);
}

void TunnelState::OnGone(const Error& why) {
  if (!why_) why_ = why;
  Note(kEnd);
}

void TunnelState::OnSent() {
  if (closing_) Note(kEnd);
}

void TunnelState::Run() {
  const std::shared_ptr<TunnelState> self = std::move(kept_);
  deferred_ = false;
  const uint8_t events = std::exchange(events_, uint8_t{0});
  const appcontext::CallbackGuard guard;
  Error thrown;
  const auto is_told = [&](Event event) {
    return (events & event) != 0 && sink_ != nullptr && !closing_ && !thrown;
  };
  if (is_told(kInput)) {
    thrown = guard.Call("io::ConnSink::OnInput", [this] { sink_->OnInput(); });
  }
  if (is_told(kDrained)) {
    thrown = guard.Call("io::ConnSink::OnDrained", [this] { sink_->OnDrained(); });
  }
  if (thrown && !why_) why_ = thrown;
  if ((events & kEnd) != 0 || thrown) End();
}

void TunnelState::EndNow(const Error& why) {
  const std::shared_ptr<TunnelState> self = shared_from_this();
  if (!why_) why_ = why;
  End();
}

void TunnelState::End() {
  Finish();
  io::ConnSink* const sink = std::exchange(sink_, nullptr);
  if (sink == nullptr) return;
  const Error why = closing_ ? Error() : why_;
  static_cast<void>(
      appcontext::CallbackGuard().Call("io::ConnSink::OnClosed", [&] { sink->OnClosed(why); }));
}

// Gives the stream back, which resets it where one direction is still open.
void TunnelState::Finish() {
  LiftDeadlines();
  closing_deadline_.Disarm();
  const std::shared_ptr<H2Stream> stream = std::move(stream_);
  if (stream == nullptr) return;
  in_.Append(std::move(stream->Wire().In()));
  input_ended_ = stream->Wire().InputEnded();
  stream->Release();
  stream->SetTunnel(nullptr);
}

void TunnelState::LiftDeadlines() {
  for (Deadline& deadline : deadlines_) deadline.Disarm();
}

void TunnelState::Close(bool abort) {
  if (stream_ == nullptr) return;
  closing_ = true;
  LiftDeadlines();
  if (abort) return Note(kEnd);
  loop_.Timers().Arm(closing_deadline_, Clock::now() + kCloseTimeout);
  stream_->SendEnd();
}

H2Tunnel::~H2Tunnel() {
  state_->sink_ = nullptr;
  if (!state_->closing_) state_->Close(true);
}

void H2Tunnel::SetSink(io::ConnSink& sink) {
  state_->sink_ = &sink;
  state_->LiftDeadlines();
}

io::LinkBuffer& H2Tunnel::In() {
  return state_->stream_ == nullptr ? state_->in_ : state_->stream_->Wire().In();
}

void H2Tunnel::ConsumedInput() {
  if (state_->stream_ != nullptr) state_->stream_->Consumed();
}

bool H2Tunnel::InputEnded() const {
  return state_->stream_ == nullptr ? state_->input_ended_ : state_->stream_->Wire().InputEnded();
}

io::LinkBuffer& H2Tunnel::Out() {
  return state_->stream_ == nullptr ? state_->in_ : state_->stream_->Wire().Out();
}

void H2Tunnel::SendSoon() {
  if (state_->stream_ != nullptr) state_->stream_->SendSoon();
}

void H2Tunnel::SendNow(std::string_view head, std::string_view body) {
  if (state_->stream_ == nullptr) return;
  Out().Write(head);
  Out().Write(body);
  SendSoon();
}

void H2Tunnel::CloseWrite() {
  if (state_->stream_ != nullptr) state_->stream_->SendEnd();
}

void H2Tunnel::SetDeadline(io::ConnDeadline which, TimePoint deadline) {
  if (state_->stream_ == nullptr || state_->closing_) return;
  netpoll::Timer& timer = state_->deadlines_[static_cast<size_t>(which)];
  if (deadline == kNever) {
    timer.Disarm();
  } else {
    state_->loop_.Timers().Arm(timer, deadline);
  }
}

void H2Tunnel::Close(io::ConnClose how) {
  const bool abort = how == io::ConnClose::kAbort;
  if (!state_->closing_ || abort) state_->Close(abort);
}

std::string H2Tunnel::LocalAddr() const {
  return state_->stream_ == nullptr ? std::string() : state_->stream_->Connection().LocalAddr();
}

std::string H2Tunnel::RemoteAddr() const {
  return state_->stream_ == nullptr ? std::string() : state_->stream_->Connection().RemoteAddr();
}

void H2Tunnel::Post(std::function<void()> function) { state_->loop_.Post(std::move(function)); }

bool H2Tunnel::InLoop() const { return state_->loop_.InLoopThread(); }

const void* H2Tunnel::LoopId() const { return &state_->loop_; }

std::unique_ptr<io::Conn> NewTunnelConn(const std::shared_ptr<H2Stream>& stream) {
  Result<std::unique_ptr<io::Conn>> conn = fiber::ConnOf([&stream](io::ConnSink& sink) {
    auto state = std::make_shared<TunnelState>(stream);
    stream->SetTunnel(state);
    auto tunnel = std::make_unique<H2Tunnel>(std::move(state));
    tunnel->SetSink(sink);
    sink.OnOpen(std::move(tunnel));
    return Error();
  });
  return conn ? std::move(*conn) : nullptr;
}

}  // namespace hon::client
