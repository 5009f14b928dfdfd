#include "engine/http2_tunnel.h"

#include <utility>

#include "engine/http2_conn.h"
#include "engine/http2_exchange.h"
#include "hon/netpoll/loop.h"

namespace hon::engine {

Http2Tunnel::Http2Tunnel(Http2Exchange& owner, io::ConnSink& sink, bool both_ways)
    : owner_(&owner),
      loop_(owner.GetLoop()),
      sink_(&sink),
      remote_addr_(owner.GetConn().RemoteAddr()),
      in_(owner.GetLoop().Blocks()),
      both_ways_(both_ways) {
  for (const auto which :
       {io::ConnDeadline::kRead, io::ConnDeadline::kWrite, io::ConnDeadline::kIdle}) {
    deadlines_[static_cast<size_t>(which)].Bind(*this, which);
  }
}

Http2Tunnel::~Http2Tunnel() {
  if (owner_ != nullptr) owner_->OnTunnelDestroyed(closing_);
}

void Http2Tunnel::Forget() {
  in_.Append(std::move(owner_->Wire().In()));
  input_ended_ = InputEnded();
  owner_ = nullptr;
  LiftDeadlines();
}

void Http2Tunnel::LiftDeadlines() {
  for (Deadline& deadline : deadlines_) {
    if (deadline.Armed()) deadline.Disarm();
  }
}

void Http2Tunnel::Deadline::OnTimer() { tunnel_->owner_->OnTunnelDeadline(which_); }

void Http2Tunnel::SetSink(io::ConnSink& sink) {
  sink_ = &sink;
  LiftDeadlines();
}

io::LinkBuffer& Http2Tunnel::In() { return owner_ == nullptr ? in_ : owner_->Wire().In(); }

void Http2Tunnel::ConsumedInput() {
  if (owner_ != nullptr) owner_->GetConn().Consumed(owner_->Wire());
}

bool Http2Tunnel::InputEnded() const {
  return owner_ == nullptr ? input_ended_ : both_ways_ && owner_->Wire().InputEnded();
}

io::LinkBuffer& Http2Tunnel::Out() { return owner_ == nullptr ? in_ : owner_->Wire().Out(); }

void Http2Tunnel::SendSoon() {
  if (owner_ != nullptr) owner_->GetConn().SendSoon(owner_->Wire());
}

void Http2Tunnel::SendNow(std::string_view head, std::string_view body) {
  if (owner_ == nullptr) return;
  Out().Write(head);
  Out().Write(body);
  SendSoon();
  owner_->GetConn().Pump();
}

void Http2Tunnel::CloseWrite() {
  if (owner_ != nullptr) owner_->EndTunnelOutput();
}

void Http2Tunnel::SetDeadline(io::ConnDeadline which, TimePoint deadline) {
  if (owner_ != nullptr) loop_.Timers().Arm(deadlines_[static_cast<size_t>(which)], deadline);
}

void Http2Tunnel::Close(io::ConnClose how) {
  if (owner_ == nullptr) return;
  closing_ = true;
  owner_->CloseTunnel(how == io::ConnClose::kAbort);
}

std::string Http2Tunnel::LocalAddr() const {
  return owner_ == nullptr ? std::string() : owner_->GetConn().LocalAddr();
}

void Http2Tunnel::Post(std::function<void()> function) { loop_.Post(std::move(function)); }

bool Http2Tunnel::InLoop() const { return loop_.InLoopThread(); }

}  // namespace hon::engine
