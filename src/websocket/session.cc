// A session's calls from any thread, and its output. Input and the end: session_input.cc.

#include "websocket/session.h"

#include <openssl/rand.h>

#include <algorithm>
#include <utility>

#include "hon/base/assert.h"
#include "hon/io/io.h"

namespace hon::websocket {

using internal::Opcode;

namespace {

// Longer payloads are sent from their place. Shorter ones may share a system call.
constexpr size_t kSendNowBytesMin = io::kBlockBytes;

uint32_t RandomKey() {
  uint32_t key = 0;
  HON_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(&key), sizeof key) == 1);
  return key;
}

std::unique_ptr<char[]> Join(std::string_view first, std::string_view second) {
  std::unique_ptr<char[]> both(new char[first.size() + second.size()]);
  std::copy(second.begin(), second.end(), std::copy(first.begin(), first.end(), both.get()));
  return both;
}

// Room for a frame's bytes at the end of either kind of buffer.
char* RoomIn(io::LinkBuffer& out, size_t size) { return out.Malloc(size); }
void Filled(io::LinkBuffer& out, size_t size) { out.MallocAck(size); }
char* RoomIn(std::string& out, size_t size) {
  out.resize(out.size() + size);
  return out.data() + out.size() - size;
}
void Filled(std::string&, size_t) {}

void Append(io::LinkBuffer& out, std::string_view data) { out.Write(data); }
void Append(std::string& out, std::string_view data) { out.append(data); }

template <class Buffer>
void WriteFrame(Buffer& out, const internal::FrameHeader& header, std::string_view payload) {
  char bytes[internal::kFrameHeaderBytesMax];
  Append(out, {bytes, internal::WriteFrameHeader(header, bytes)});
  if (!header.masked) return Append(out, payload);
  if (payload.empty()) return;
  char* room = RoomIn(out, payload.size());
  internal::BestKernels().mask(room, payload.data(), payload.size(), header.key);
  Filled(out, payload.size());
}

}  // namespace

Session::Session(SessionStart start)
    : setup_(std::move(start.setup)),
      handler_(std::move(start.handler)),
      names_(Join(start.remote_addr, start.subprotocol)),
      send_(start.deflate.send),
      reader_options_{.masked = !start.client,
                      .deflate = start.deflate.enabled,
                      .inflate = start.deflate.receive,
                      .pool = setup_->pool.get(),
                      .message_bytes_max = setup_->options.message_bytes_max},
      remote_addr_size_(static_cast<uint16_t>(start.remote_addr.size())),
      subprotocol_size_(static_cast<uint16_t>(start.subprotocol.size())),
      client_(start.client),
      deflate_(start.deflate.enabled),
      reader_(reader_options_) {}

Session::~Session() = default;

void Session::DropHandle() {
  if (handles_.fetch_sub(1, std::memory_order_acq_rel) != 1 || handler_ != nullptr) return;
  Error err = Close(kCloseNormal, {});
  static_cast<void>(err);
}

// Reading.

Result<Session::ReadResult> Session::Read(std::string& into, bool whole) {
  Lock lock(mutex_);
  if (handler_ != nullptr || reading_ != nullptr) {
    return Fail(Error::New("websocket: a connection is read in one place"));
  }
  Reading reading{.into = &into, .whole = whole};
  reading_ = &reading;
  answering_ = false;
  if (OnLoop()) {
    lock.unlock();
    Pump();
    lock.lock();
  } else if (conn_ != nullptr) {
    conn_->Post([self = shared_from_this()] { self->Pump(); });
  }
  Error err;
  while (!reading.done && phase_ == Phase::kOpen && !err) err = changed_.Wait(lock);
  reading_ = nullptr;
  if (reading.done) return reading.result;
  return Fail(phase_ == Phase::kOpen ? std::move(err) : WhyClosed());
}

void Session::SkipMessage() {
  Lock lock(mutex_);
  if (conn_ == nullptr) return;
  // Set here, since the next read may come before the posted call.
  skip_message_ = true;
  if (!conn_->InLoop()) return conn_->Post([self = shared_from_this()] { self->Pump(); });
  lock.unlock();
  Pump();
}

// Writing.

Error Session::WhyClosed() const {
  if (phase_ == Phase::kClosing) return ErrClosed;
  const CloseStatus status = StatusNow();
  std::string text = "websocket: closed: " + std::to_string(status.code);
  if (!status.reason.empty()) text += " " + status.reason;
  return Error::Of(ErrClosed, std::move(text));
}

CloseStatus Session::StatusNow() const {
  return phase_ == Phase::kOpen || status_ == nullptr ? CloseStatus() : *status_;
}

bool Session::Worthwhile(size_t bytes) const {
  return deflate_ && bytes >= setup_->options.deflate.threshold_bytes;
}

std::unique_ptr<internal::Deflater> Session::TakeDeflater() {
  if (!send_.takeover) return setup_->pool->TakeDeflater(send_.window_bits);
  if (deflater_ != nullptr) return std::move(deflater_);
  return std::make_unique<internal::Deflater>(send_.window_bits, setup_->pool->Level());
}

void Session::ReturnDeflater(std::unique_ptr<internal::Deflater> deflater) {
  if (send_.takeover) {
    deflater_ = std::move(deflater);
  } else {
    setup_->pool->GiveBack(std::move(deflater), send_.window_bits);
  }
}

Error Session::Write(MessageType type, std::string_view data) {
  if (type == MessageType::kText && !internal::IsUtf8(data)) return ErrBadMessage;
  std::string packed;
  const bool compress = Worthwhile(data.size());
  if (compress && !send_.takeover) {  // outside the lock, since the order does not matter
    auto deflater = TakeDeflater();
    deflater->Add(data, true, packed);
    ReturnDeflater(std::move(deflater));
  }
  Lock lock(mutex_);
  HON_RETURN_IF_ERROR(AwaitRoom(lock));
  if (compress && send_.takeover) {
    auto deflater = TakeDeflater();
    deflater->Add(data, true, packed);
    ReturnDeflater(std::move(deflater));
  }
  Emit(static_cast<Opcode>(type), compress ? std::string_view(packed) : data, true, compress);
  return {};
}

Error Session::BeginMessage(MessageType type) {
  Lock lock(mutex_);
  HON_RETURN_IF_ERROR(AwaitRoom(lock));
  message_open_ = true;
  message_begun_ = false;
  message_deflated_ = deflate_;
  message_type_ = type;
  message_utf8_.Reset();
  return {};
}

Error Session::AddToMessage(std::string_view data, bool final) {
  Lock lock(mutex_);
  if (!message_open_) return ErrClosed;
  if (message_type_ == MessageType::kText) {
    if (!message_utf8_.Add(data) || (final && !message_utf8_.AtEnd())) return ErrBadMessage;
  }
  if (data.empty() && !final) return {};
  HON_RETURN_IF_ERROR(AwaitRoom(lock, true));
  message_open_ = !final;
  std::string packed;
  if (message_deflated_) {
    // Kept in deflater_ from part to part, with or without takeover.
    auto deflater = deflater_ != nullptr ? std::move(deflater_) : TakeDeflater();
    deflater->Add(data, final, packed);
    if (final) {
      ReturnDeflater(std::move(deflater));
    } else {
      deflater_ = std::move(deflater);
      if (packed.empty()) return {};
    }
  }
  const bool first = !std::exchange(message_begun_, true);
  Emit(first ? static_cast<Opcode>(message_type_) : Opcode::kContinuation,
       message_deflated_ ? std::string_view(packed) : data, final, first && message_deflated_);
  if (final) changed_.WakeAll();
  return {};
}

void Session::AbandonMessage() {
  Lock lock(mutex_);
  if (!std::exchange(message_open_, false)) return;
  EmitClose(kCloseInternalError, "message abandoned");
  changed_.WakeAll();
}

Error Session::Ping(std::string_view payload) {
  if (payload.size() > kControlBytesMax) return ErrBadMessage;
  Lock lock(mutex_);
  if (phase_ != Phase::kOpen) return WhyClosed();
  Emit(Opcode::kPing, payload);
  return {};
}

Error Session::Close(CloseCode code, std::string_view reason) {
  if (!IsSendableCloseCode(code) || reason.size() > kCloseReasonBytesMax ||
      !internal::IsUtf8(reason)) {
    return ErrBadMessage;
  }
  Lock lock(mutex_);
  if (phase_ != Phase::kOpen) return WhyClosed();
  EmitClose(code, reason);
  return {};
}

// Our side's close frame: from here on only the peer's close frame is awaited.
void Session::EmitClose(CloseCode code, std::string_view reason) {
  if (phase_ != Phase::kOpen) return;
  Emit(Opcode::kClose, internal::ClosePayload(code, reason));
  phase_ = Phase::kClosing;
  if (!peer_said_) status_ = std::make_unique<CloseStatus>(CloseStatus{code, std::string(reason)});
  changed_.WakeAll();
  if (conn_ == nullptr) return;
  conn_->Post([self = shared_from_this()] {
    if (self->conn_ == nullptr) return;
    self->conn_->SetDeadline(io::ConnDeadline::kRead,
                             DeadlineAfter(Clock::now(), self->setup_->options.close_timeout));
    self->Pump();  // received messages are dropped meanwhile
  });
}

Error Session::Wait() {
  Lock lock(mutex_);
  Error err;
  while (phase_ != Phase::kClosed && !err) err = changed_.Wait(lock);
  return phase_ == Phase::kClosed ? Error() : err;
}

appcontext::Context Session::Context() {
  Lock lock(mutex_);
  if (context_ == nullptr) {
    context_ =
        std::make_unique<appcontext::Cancelable>(appcontext::WithCancel(appcontext::Background()));
    if (phase_ == Phase::kClosed) context_->cancel(WhyClosed());
  }
  return context_->context;
}

CloseStatus Session::Status() {
  Lock lock(mutex_);
  return StatusNow();
}

size_t Session::Unsent() {
  Lock lock(mutex_);
  return UnsentNow();
}

// Output.

size_t Session::UnsentNow() const {
  return PendingBytes() + (OnLoop() ? conn_->Out().Len() : out_seen_);
}

// Waits, by the options, until a message may be written.
Error Session::AwaitRoom(Lock& lock, bool within_message) {
  const ConnOptions& options = setup_->options;
  for (;;) {
    if (phase_ != Phase::kOpen || conn_ == nullptr) return WhyClosed();
    const bool full = UnsentNow() >= options.unsent_bytes_max;
    if (!full && (within_message || !message_open_)) return {};
    if (full && options.slow == Slow::kClose) {
      conn_->Post([self = shared_from_this()] { self->End(io::ConnClose::kAbort); });
      return ErrBackpressure;
    }
    if (!internal::MayWait(conn_->InLoop()) || (full && options.slow == Slow::kDrop)) {
      return ErrBackpressure;
    }
    if (full) PostSettle();
    HON_RETURN_IF_ERROR(changed_.Wait(lock));
  }
}

void Session::Emit(Opcode opcode, std::string_view payload, bool final, bool compressed) {
  if (conn_ == nullptr) return;
  const internal::FrameHeader header{.final = final,
                                     .compressed = compressed,
                                     .masked = client_,
                                     .opcode = opcode,
                                     .key = client_ ? RandomKey() : 0,
                                     .length = payload.size()};
  emitted_ += payload.size() + 2;
  if (!conn_->InLoop()) {
    if (pending_ == nullptr) pending_ = std::make_unique<std::string>();
    WriteFrame(*pending_, header, payload);
    return PostFlush();
  }
  MovePending();
  if (payload.size() >= kSendNowBytesMin && !header.masked) {
    char bytes[internal::kFrameHeaderBytesMax];
    conn_->SendNow({bytes, WriteFrameHeader(header, bytes)}, payload);
  } else {
    WriteFrame(conn_->Out(), header, payload);
  }
  Sent();
}

void Session::MovePending() {
  if (pending_ == nullptr) return;
  conn_->Out().Write(*pending_);
  pending_.reset();
}

// Out() has grown, on the loop.
void Session::Sent() {
  out_seen_ = conn_->Out().Len();
  if (out_seen_ == 0) return;
  conn_->SendSoon();
  const Duration timeout = setup_->options.write_timeout;
  if (write_watched_ || timeout == kUnlimited) return;
  write_watched_ = true;
  sent_mark_ = emitted_ - std::min<uint64_t>(emitted_, out_seen_);
  conn_->SetDeadline(io::ConnDeadline::kWrite, DeadlineAfter(Clock::now(), timeout));
}

void Session::PostFlush() {
  if (std::exchange(flush_posted_, true)) return;
  conn_->Post([self = shared_from_this()] { self->Flush(); });
}

void Session::Flush() {
  Lock lock(mutex_);
  flush_posted_ = false;
  if (conn_ == nullptr || pending_ == nullptr) return;
  MovePending();
  Sent();
}

// Checks, after the output of a turn was sent, how much the socket has left, for writers that wait
// for room. When it is still too much, OnDrained follows later. Two posts are always a turn apart.
void Session::PostSettle() {
  if (std::exchange(settle_posted_, true)) return;
  conn_->Post([self = shared_from_this()] {
    self->Flush();
    Lock lock(self->mutex_);
    if (self->conn_ != nullptr) self->conn_->Post([self] { self->Settle(); });
  });
}

void Session::Settle() {
  Lock lock(mutex_);
  settle_posted_ = false;
  if (conn_ == nullptr) return;
  out_seen_ = conn_->Out().Len();
  changed_.WakeAll();
  const bool resume = std::exchange(paused_, false) && out_seen_ < kEventsUnsentBytesMax;
  lock.unlock();
  if (resume) Pump();
}

// For hubs.

bool Session::Post(std::function<void()> function) {
  Lock lock(mutex_);
  if (conn_ == nullptr) return false;
  conn_->Post(std::move(function));
  return true;
}

const void* Session::LoopId() {
  Lock lock(mutex_);
  return conn_ == nullptr ? nullptr : conn_->LoopId();
}

void Session::SendPrepared(internal::Prepared& message, internal::PreparedBlocks& blocks) {
  Lock lock(mutex_);
  if (conn_ == nullptr || phase_ != Phase::kOpen || message_open_) return;
  const ConnOptions& options = setup_->options;
  if (UnsentNow() >= options.unsent_bytes_max) {
    if (options.slow == Slow::kClose) {
      lock.unlock();
      End(io::ConnClose::kAbort);
    }
    return;
  }
  // A client masks each of its frames with a different key.
  if (client_) return Emit(static_cast<Opcode>(message.Type()), message.Payload());
  const bool compress = Worthwhile(message.Payload().size());
  const int bits = compress ? send_.window_bits : 0;
  const std::string& frame = message.Frame(bits, setup_->pool.get());
  // The peer's window now differs from ours.
  if (compress && send_.takeover) deflater_.reset();
  MovePending();
  emitted_ += frame.size();
  blocks.AppendTo(conn_->Out(), frame, bits);
  Sent();
}

bool Session::OnEnd(const void* key, std::function<void()> on_closed) {
  Lock lock(mutex_);
  if (conn_ == nullptr) return false;
  if (end_calls_ == nullptr) end_calls_ = std::make_unique<std::vector<EndCall>>();
  end_calls_->push_back({key, std::move(on_closed)});
  return true;
}

void Session::ForgetEnd(const void* key) {
  Lock lock(mutex_);
  if (end_calls_ == nullptr) return;
  std::erase_if(*end_calls_, [key](const EndCall& call) { return call.key == key; });
}

}  // namespace hon::websocket
