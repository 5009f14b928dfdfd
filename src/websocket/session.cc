// A session's calls from any thread. The work on its loop is in core.cc and core_output.cc.

#include "websocket/session.h"

#include <algorithm>
#include <utility>

#include "hon/base/assert.h"
#include "hon/base/guard.h"

namespace hon::websocket {

using internal::Opcode;
using internal::Outgoing;
using internal::Packing;
using internal::PhaseEvent;
using internal::ReadResult;

namespace {

std::unique_ptr<char[]> Join(std::string_view first, std::string_view second) {
  std::unique_ptr<char[]> both(new char[first.size() + second.size()]);
  std::copy(second.begin(), second.end(), std::copy(first.begin(), first.end(), both.get()));
  return both;
}

}  // namespace

Session::Session(SessionStart start)
    : setup_(std::move(start.setup)),
      handler_(std::move(start.handler)),
      guard_(std::move(start.guard)),
      shutdown_(std::move(start.shutdown)),
      names_(Join(start.remote_addr, start.subprotocol)),
      remote_addr_size_(static_cast<uint16_t>(start.remote_addr.size())),
      subprotocol_size_(static_cast<uint16_t>(start.subprotocol.size())),
      core_(*this, start.deflate, start.client) {}

Session::~Session() = default;

void Session::DropHandle() {
  if (handles_.fetch_sub(1, std::memory_order_acq_rel) != 1 || handler_ != nullptr) return;
  // Destructors come here. Without memory for a close frame the connection is cut.
  const Error failed = CallGuarded([this] { static_cast<void>(Close(kCloseNormal, {})); });
  if (failed) static_cast<void>(CallGuarded([this] { Cut(); }));
}

void Session::Cut() {
  if (core_.OnLoop()) return core_.End(io::ConnClose::kAbort);
  const Lock lock(outbox_.mutex);
  if (outbox_.conn == nullptr) return;
  outbox_.conn->Post([self = shared_from_this()] { self->core_.End(io::ConnClose::kAbort); });
}

// Reading.

Result<ReadResult> Session::Read(std::string& into, bool whole) {
  if (handler_ != nullptr) {
    return Fail(Error::New("websocket: cannot read a connection with a ConnHandler"));
  }
  return core_.OnLoop() ? core_.Read(into, whole) : ReadElsewhere(into, whole);
}

Result<ReadResult> Session::ReadElsewhere(std::string& into, bool whole) {
  const auto reading = std::make_shared<internal::RemoteReading>();
  reading->data = std::move(into);
  reading->whole = whole;
  Lock lock(outbox_.mutex);
  if (outbox_.reading != nullptr) {
    return Fail(Error::New("websocket: concurrent reads of one connection"));
  }
  if (outbox_.conn == nullptr) return Fail(outbox_.WhyClosed());
  outbox_.reading = reading;
  outbox_.conn->Post([self = shared_from_this(), reading] { self->core_.ReadFor(reading); });
  Error err;
  while (!reading->done && outbox_.IsOpen() && !err) err = outbox_.changed.Wait(lock);
  outbox_.reading.reset();
  if (reading->done) {
    into = std::move(reading->data);
    return reading->result;
  }
  reading->abandoned = true;
  return Fail(outbox_.IsOpen() ? std::move(err) : outbox_.WhyClosed());
}

void Session::SkipMessage() {
  // From here on, since whoever reads next may be there before the loop is.
  outbox_.skip_message.store(true, std::memory_order_release);
  if (core_.OnLoop()) return core_.Pump();
  static_cast<void>(Post([self = shared_from_this()] { self->core_.Pump(); }));
}

// Writing.

Packing Session::PackingOf(size_t bytes) const {
  if (!Compressed() || bytes < Options().deflate.threshold_bytes) return Packing::kPlain;
  return core_.SendParams().takeover ? Packing::kOnLoop : Packing::kPacked;
}

// Compresses by a deflater of the pool, which is kept in `deflater` until the end of the message.
void Session::Pack(std::unique_ptr<internal::Deflater>& deflater, std::string_view data, bool final,
                   std::string& packed) const {
  const int bits = core_.SendParams().window_bits;
  if (deflater == nullptr) deflater = setup_->pool->TakeDeflater(bits);
  deflater->Add(data, final, packed);
  if (final) setup_->pool->GiveBack(std::move(deflater), bits);
}

Error Session::Write(MessageType type, std::string_view data) {
  if (type == MessageType::kText && !internal::IsUtf8(data)) return ErrBadMessage;
  const Outgoing frame{static_cast<Opcode>(type), PackingOf(data.size())};
  std::string packed;
  if (frame.packing == Packing::kPacked) {
    std::unique_ptr<internal::Deflater> deflater;
    Pack(deflater, data, true, packed);
    data = packed;
  }
  if (core_.OnLoop()) {
    if (!core_.HasRoom(false)) [[unlikely]] {
      Lock lock(outbox_.mutex);
      HON_RETURN_IF_ERROR(AwaitRoom(lock, false));
    }
    core_.Send(frame, data);
    return {};
  }
  Lock lock(outbox_.mutex);
  HON_RETURN_IF_ERROR(AwaitRoom(lock, false));
  PushAndPost(frame, data);
  return {};
}

Error Session::BeginMessage(MessageType type) {
  Lock lock(outbox_.mutex);
  HON_RETURN_IF_ERROR(AwaitRoom(lock, false));
  outbox_.message_open.store(true, std::memory_order_relaxed);
  message_ = std::make_unique<OpenMessage>(OpenMessage{.type = type});
  if (Compressed()) {
    message_->packing = core_.SendParams().takeover ? Packing::kOnLoop : Packing::kPacked;
  }
  return {};
}

Error Session::AddToMessage(std::string_view data, bool final) {
  if (message_ == nullptr) return ErrClosed;
  if (message_->type == MessageType::kText) {
    if (!message_->utf8.Add(data) || (final && !message_->utf8.AtEnd())) return ErrBadMessage;
  }
  if (data.empty() && !final) return {};
  const bool on_loop = core_.OnLoop();
  Lock lock(outbox_.mutex, std::defer_lock);
  if (!on_loop || !core_.HasRoom(true)) {
    lock.lock();
    HON_RETURN_IF_ERROR(AwaitRoom(lock, true));
    if (on_loop) lock.unlock();
  }
  const Outgoing frame{static_cast<Opcode>(message_->type), message_->packing, final};
  std::string packed;
  if (message_->packing == Packing::kPacked) {
    Pack(message_->deflater, data, final, packed);
    if (packed.empty() && !final) return {};
    data = packed;
  }
  if (on_loop) {
    core_.Send(frame, data);
  } else {
    PushAndPost(frame, data);
  }
  if (!final) return {};
  message_.reset();
  if (on_loop) lock.lock();
  outbox_.message_open.store(false, std::memory_order_relaxed);
  outbox_.changed.WakeAll();
  return {};
}

void Session::AbandonMessage() {
  if (message_ == nullptr) return;
  message_.reset();
  static_cast<void>(SendClose(kCloseInternalError, "message abandoned"));
  Lock lock(outbox_.mutex);
  outbox_.message_open.store(false, std::memory_order_relaxed);
  outbox_.changed.WakeAll();
}

Error Session::Ping(std::string_view payload) {
  if (payload.size() > kControlBytesMax) return ErrBadMessage;
  if (core_.OnLoop() && outbox_.IsOpen()) {
    core_.Send({Opcode::kPing}, payload);
    return {};
  }
  Lock lock(outbox_.mutex);
  if (!outbox_.IsOpen()) return outbox_.WhyClosed();
  PushAndPost({Opcode::kPing}, payload);
  return {};
}

Error Session::Close(CloseCode code, std::string_view reason) {
  if (!IsSendableCloseCode(code) || reason.size() > kCloseReasonBytesMax ||
      !internal::IsUtf8(reason)) {
    return ErrBadMessage;
  }
  return SendClose(code, reason);
}

// Our side's close frame: from here on only the peer's is waited for.
Error Session::SendClose(CloseCode code, std::string_view reason) {
  Lock lock(outbox_.mutex);
  if (!outbox_.IsOpen()) return outbox_.WhyClosed();
  outbox_.status = std::make_unique<CloseStatus>(CloseStatus{code, std::string(reason)});
  outbox_.Move(PhaseEvent::kCloseSent);
  const std::string payload = internal::ClosePayload(code, reason);
  if (!core_.OnLoop()) {
    PushAndPost({Opcode::kClose}, payload);
    return {};
  }
  lock.unlock();
  core_.Send({Opcode::kClose}, payload);
  return {};
}

// Under the mutex.
void Session::PushAndPost(const Outgoing& frame, std::string_view payload) {
  outbox_.Push(frame, std::string(payload));
  if (outbox_.flush_posted) return;
  outbox_.conn->Post([self = shared_from_this()] { self->core_.Flush(); });
  outbox_.flush_posted = true;
}

// Waits, by the options, until a message may be written.
Error Session::AwaitRoom(Lock& lock, bool within_message) {
  const bool on_loop = core_.OnLoop();
  for (;;) {
    if (!outbox_.IsOpen()) return outbox_.WhyClosed();
    const bool full = Unsent() >= Options().unsent_bytes_max;
    const bool taken = !within_message && (outbox_.message_open.load(std::memory_order_relaxed) ||
                                           (on_loop && core_.InMessage()));
    if (!full && !taken) return {};
    if (full && Options().slow == Slow::kClose) {
      outbox_.conn->Post([self = shared_from_this()] { self->core_.End(io::ConnClose::kAbort); });
      return ErrBackpressure;
    }
    if (!internal::MayWait(on_loop) || (full && Options().slow == Slow::kDrop)) {
      return ErrBackpressure;
    }
    if (full) core_.PostUnsentCheck(*outbox_.conn);
    HON_RETURN_IF_ERROR(outbox_.changed.Wait(lock));
  }
}

Error Session::Wait() {
  if (core_.OnLoop()) {
    core_.EndAnswering();
  } else {
    static_cast<void>(Post([self = shared_from_this()] { self->core_.EndAnswering(); }));
  }
  Lock lock(outbox_.mutex);
  Error err;
  while (outbox_.GetPhase() != internal::Phase::kClosed && !err) err = outbox_.changed.Wait(lock);
  return outbox_.GetPhase() == internal::Phase::kClosed ? Error() : err;
}

appcontext::Context Session::Context() {
  Lock lock(outbox_.mutex);
  if (outbox_.context == nullptr) {
    outbox_.context =
        std::make_unique<appcontext::Cancelable>(appcontext::WithCancel(appcontext::Background()));
    if (outbox_.GetPhase() == internal::Phase::kClosed) {
      outbox_.context->cancel(outbox_.WhyClosed());
    }
  }
  return outbox_.context->context;
}

CloseStatus Session::Status() {
  Lock lock(outbox_.mutex);
  return outbox_.Status();
}

size_t Session::Unsent() {
  if (core_.OnLoop()) return core_.Unsent();
  return outbox_.bytes.load(std::memory_order_relaxed) +
         outbox_.out_bytes.load(std::memory_order_relaxed);
}

// For hubs.

bool Session::Post(std::function<void()> function) {
  Lock lock(outbox_.mutex);
  if (outbox_.conn == nullptr) return false;
  outbox_.conn->Post(std::move(function));
  return true;
}

const void* Session::LoopId() {
  Lock lock(outbox_.mutex);
  return outbox_.conn == nullptr ? nullptr : outbox_.conn->LoopId();
}

bool Session::OnEnd(const void* key, std::function<void()> on_closed) {
  Lock lock(outbox_.mutex);
  if (outbox_.conn == nullptr) return false;
  if (outbox_.end_calls == nullptr) {
    outbox_.end_calls = std::make_unique<std::vector<internal::Outbox::EndCall>>();
  }
  outbox_.end_calls->push_back({key, std::move(on_closed)});
  return true;
}

void Session::ForgetEnd(const void* key) {
  Lock lock(outbox_.mutex);
  if (outbox_.end_calls == nullptr) return;
  std::erase_if(*outbox_.end_calls,
                [key](const internal::Outbox::EndCall& call) { return call.key == key; });
}

}  // namespace hon::websocket
