// The receiving of frames, and the handlers that they begin.

#include <new>
#include <utility>

#include "engine/http2_conn.h"
#include "engine/loop_services.h"
#include "hon/base/assert.h"
#include "hon/base/flatten.h"
#include "hon/fiber/fiber.h"

namespace hon::engine {

using netpoll::CloseHow;
using netpoll::DeadlineKind;
using Status = h2::Session::Status;

namespace {

// Nothing is received while this much is unsent: each frame may be answered.
constexpr size_t kUnsentBytesMax = 512 * 1024;

}  // namespace

void Http2Conn::OnInput() {
  if (phase_ == Phase::kClosed) return;
  if (!yielded_ && !receiving_) Receive();
}

HON_NO_CANARY void Http2Conn::Receive() {
  if (phase_ == Phase::kClosed) [[unlikely]]
    return;
  if (connection_->Writer().Len() >= kUnsentBytesMax) {
    if (connection_->Flush()) return;                            // OnDisconnect follows
    if (connection_->Writer().Len() >= kUnsentBytesMax) return;  // goes on with OnWritable
  }
  io::LinkBuffer& in = connection_->Reader();
  const size_t had = in.Len();
  last_received_ = services_->loop.Now();
  health_asked_ = false;
  HON_ASSERT(!receiving_);
  receiving_ = true;
  try {
    status_ = session_.Receive(in, services_->loop.Now());
    if (status_ == Status::kPaused && !ServeOpened()) return;
  } catch (const std::bad_alloc&) {
    OutOfMemory();
  }
  receiving_ = false;
  if (phase_ == Phase::kClosed) [[unlikely]]
    return;
  if (status_ == Status::kFailed) return SessionFailed();
  connection_->ConsumedInput();
  yielded_ = status_ == Status::kYield;
  if (yielded_) {
    PumpSoon();
  } else {
    UpdateReadDeadline(had);
    if (connection_->InputEnded()) return OnPeerFinished();
  }
  Pump();
  EndIfDone();
}

// Calls the handlers of the streams that the received frames open: all on one fiber, as long as no
// handler waits. Returns false when the fiber waits in a callback of the program inside the
// session, and will finish the call of Receive.
bool Http2Conn::ServeOpened() {
  while (status_ == Status::kPaused) {
    try {
      services_->scheduler.Start([](void* self) { static_cast<Http2Conn*>(self)->RunOpened(); },
                                 this, opened_->FiberAttributes());
    } catch (const std::bad_alloc&) {  // nothing has run: no exception leaves RunOpened
      std::exchange(opened_, nullptr)->RefuseToRun();
      status_ = session_.ResumeReceive(connection_->Reader());
      continue;
    }
    if (left_behind_ == nullptr) return true;
    *std::exchange(left_behind_, nullptr) = true;
    if (resuming_) [[unlikely]]
      return false;
    status_ = session_.ResumeReceive(connection_->Reader());
  }
  return true;
}

// On a fiber.
HON_NO_CANARY void Http2Conn::RunOpened() {
  bool left_behind = false;
  left_behind_ = &left_behind;
  for (;;) {
    std::exchange(opened_, nullptr)->Run();
    if (left_behind) return;  // the connection may be gone
    resuming_ = true;
    try {
      status_ = session_.ResumeReceive(connection_->Reader());
    } catch (const std::bad_alloc&) {
      OutOfMemory();
      status_ = Status::kMore;
    }
    resuming_ = false;
    if (left_behind) [[unlikely]]
      return FinishAlone();
    if (status_ != Status::kPaused) break;
    fiber::SetAttributes(opened_->FiberAttributes());
  }
  left_behind_ = nullptr;
}

// A callback of the program has waited inside ResumeReceive, and the loop has done other work
// meanwhile.
void Http2Conn::FinishAlone() {
  receiving_ = false;
  if (disconnected_ && exchanges_.Empty()) return Gone();
  yielded_ = phase_ != Phase::kClosed;
  PumpSoon();
  if (opened_ == nullptr) return;
  Http2Exchange& exchange = *std::exchange(opened_, nullptr);
  fiber::SetAttributes(exchange.FiberAttributes());
  exchange.Run();
}

// A frame other than DATA, a field block and the first SETTINGS must come together within the
// timeout of a request's head.
void Http2Conn::UpdateReadDeadline(size_t had) {
  if (session_.AwaitsSettings()) return;  // its deadline runs since the connection began
  if (session_.Streams() == 0 && connection_->Deadline(DeadlineKind::kIdle) == kNever) {
    connection_->SetDeadline(
        DeadlineKind::kIdle,
        DeadlineAfter(services_->loop.Now(), services_->settings.keep_alive_timeout));
  }
  const size_t left = connection_->Reader().Len();
  const bool armed = connection_->Deadline(DeadlineKind::kRead) != kNever;
  if (left == 0 && !session_.InFieldBlock()) {
    if (armed) connection_->SetDeadline(DeadlineKind::kRead, kNever);
    return;
  }
  const bool progress = left < had && !session_.InFieldBlock();
  if (armed && !progress) return;
  connection_->SetDeadline(
      DeadlineKind::kRead,
      DeadlineAfter(services_->loop.Now(), services_->settings.read_header_timeout));
}

// A client that sends nothing more has most likely gone. Requests that have come whole are
// still answered, since the client may only have closed its sending direction.
void Http2Conn::OnPeerFinished() {
  if (!std::exchange(peer_finished_, true)) {
    exchanges_.ForEach([](Http2Exchange& exchange) {
      if (exchange.Running() || exchange.InTunnel()) exchange.OnPeerFinished();
    });
  }
  Pump();
  if (session_.Streams() == 0) Close(CloseHow::kGraceful);
}

void Http2Conn::Consumed(h2::Stream& stream) {
  const size_t before = connection_->Writer().Len();
  session_.Consumed(stream);
  if (connection_->Writer().Len() != before) PumpSoon();
}

}  // namespace hon::engine
