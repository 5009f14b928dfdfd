// The output of a connection on its loop: its own messages, and those of other threads and of hubs.

#include <openssl/rand.h>

#include <algorithm>
#include <utility>

#include "hon/base/assert.h"
#include "websocket/core.h"
#include "websocket/session.h"

namespace hon::websocket::internal {
namespace {

// Longer payloads are sent from where they are. Shorter ones may share a system call.
constexpr size_t kSendNowBytesMin = io::kBlockBytes;

uint32_t RandomKey() {
  uint32_t key = 0;
  const int done = RAND_bytes(reinterpret_cast<unsigned char*>(&key), sizeof key);
  HON_ASSERT(done == 1);
  return key;
}

void WriteFrame(io::LinkBuffer& out, const FrameHeader& header, std::string_view payload) {
  char bytes[kFrameHeaderBytesMax];
  out.Write({bytes, WriteFrameHeader(header, bytes)});
  if (!header.masked) return out.Write(payload);
  if (payload.empty()) return;
  char* room = out.Malloc(payload.size());
  BestKernels().mask(room, payload.data(), payload.size(), header.key);
  out.MallocAck(payload.size());
}

}  // namespace

const ConnOptions& Core::Options() const { return session_.Options(); }

Outbox& Core::GetOutbox() const { return session_.GetOutbox(); }

size_t Core::Unsent() const {
  HON_ASSERT(OnLoop());
  return GetOutbox().bytes.load(std::memory_order_relaxed) +
         (conn_ == nullptr ? 0 : conn_->Out().Len());
}

bool Core::HasRoom(bool within_message) {
  if (GetOutbox().filled.load(std::memory_order_acquire)) MoveEntries();
  if (!GetOutbox().IsOpen()) return false;
  if (!within_message &&
      (in_message_ || GetOutbox().message_open.load(std::memory_order_relaxed))) {
    return false;
  }
  return conn_->Out().Len() < Options().unsent_bytes_max;
}

// A message does not move the entries of other threads: HasRoom has moved them, and a later close
// frame must follow the message.
void Core::Send(const Outgoing& frame, std::string_view payload) {
  HON_ASSERT(OnLoop());
  if (conn_ == nullptr) return;
  if (!IsControl(frame.opcode)) return EmitData(frame, payload);
  if (frame.opcode == Opcode::kClose) MoveEntries();
  Emit(frame.opcode, payload);
  if (frame.opcode == Opcode::kClose) AwaitPeersClose();
}

void Core::MoveEntries() {
  HON_ASSERT(OnLoop());
  std::vector<Outbox::Entry> entries;
  {
    Outbox::Lock lock(GetOutbox().mutex);
    entries = GetOutbox().TakeAll();
  }
  EmitEntries(entries);
}

void Core::EmitEntries(const std::vector<Outbox::Entry>& entries) {
  if (conn_ == nullptr) return;
  for (const Outbox::Entry& entry : entries) {
    if (!IsControl(entry.frame.opcode)) {
      EmitData(entry.frame, entry.payload);
      continue;
    }
    Emit(entry.frame.opcode, entry.payload);
    if (entry.frame.opcode == Opcode::kClose) AwaitPeersClose();
  }
}

void Core::Flush() {
  {
    Outbox::Lock lock(GetOutbox().mutex);
    GetOutbox().flush_posted = false;
  }
  if (conn_ == nullptr || !GetOutbox().filled.load(std::memory_order_acquire)) return;
  const bool was_in_message = in_message_;
  MoveEntries();
  if (!was_in_message || in_message_) return;
  Outbox::Lock lock(GetOutbox().mutex);  // fibers of this loop wait for the end of that message
  GetOutbox().changed.WakeAll();
}

std::unique_ptr<Deflater> Core::TakeDeflater() {
  if (deflater_ != nullptr) return std::move(deflater_);
  return std::make_unique<Deflater>(send_.window_bits, session_.setup_->pool->Level());
}

// Writes a message, or the next part of the open one.
void Core::EmitData(const Outgoing& frame, std::string_view payload) {
  std::string packed;
  if (frame.packing == Packing::kOnLoop) {
    deflater_ = TakeDeflater();
    deflater_->Add(payload, frame.final, packed);
    if (packed.empty() && !frame.final) return;
    payload = packed;
  }
  const bool first = !std::exchange(in_message_, !frame.final);
  Emit(first ? frame.opcode : Opcode::kContinuation, payload, frame.final,
       first && frame.packing != Packing::kPlain);
}

void Core::Emit(Opcode opcode, std::string_view payload, bool final, bool compressed) {
  HON_ASSERT(OnLoop() && conn_ != nullptr);
  const FrameHeader header{.final = final,
                           .compressed = compressed,
                           .masked = client_,
                           .opcode = opcode,
                           .key = client_ ? RandomKey() : 0,
                           .length = payload.size()};
  emitted_ += payload.size() + 2;
  if (payload.size() >= kSendNowBytesMin && !header.masked) {
    char bytes[kFrameHeaderBytesMax];
    conn_->SendNow({bytes, WriteFrameHeader(header, bytes)}, payload);
  } else {
    WriteFrame(conn_->Out(), header, payload);
  }
  Sent();
}

// GetOutbox() has grown.
void Core::Sent() {
  const size_t unsent = conn_->Out().Len();
  GetOutbox().out_bytes.store(unsent, std::memory_order_relaxed);
  if (unsent == 0) return;
  conn_->SendSoon();
  const Duration timeout = Options().write_timeout;
  if (write_watched_ || timeout == kUnlimited) return;
  write_watched_ = true;
  sent_mark_ = emitted_ - std::min<uint64_t>(emitted_, unsent);
  conn_->SetDeadline(io::ConnDeadline::kWrite, DeadlineAfter(Clock::now(), timeout));
}

// For writers that wait for room. When there is still too little, OnDrained follows later. Two
// posts are always a turn apart.
void Core::PostUnsentCheck(io::EventConn& conn) {
  if (GetOutbox().unsent_check_posted.exchange(true, std::memory_order_relaxed)) return;
  conn.Post([self = session_.shared_from_this()] {
    Core& core = self->core_;
    core.Flush();
    if (core.conn_ != nullptr) core.conn_->Post([self] { self->core_.CheckUnsent(); });
  });
}

void Core::CheckUnsent() {
  GetOutbox().unsent_check_posted.store(false, std::memory_order_relaxed);
  if (conn_ == nullptr) return;
  const size_t unsent = conn_->Out().Len();
  GetOutbox().out_bytes.store(unsent, std::memory_order_relaxed);
  {
    Outbox::Lock lock(GetOutbox().mutex);
    GetOutbox().changed.WakeAll();
  }
  if (std::exchange(paused_, false) && unsent < kEventsUnsentBytesMax) Pump();
}

void Core::SendPrepared(Prepared& message, PreparedBlocks& blocks) {
  HON_ASSERT(OnLoop());
  if (conn_ == nullptr || !GetOutbox().IsOpen()) return;
  if (GetOutbox().filled.load(std::memory_order_acquire)) MoveEntries();
  if (in_message_ || GetOutbox().message_open.load(std::memory_order_relaxed)) return;
  const ConnOptions& options = Options();
  if (conn_->Out().Len() >= options.unsent_bytes_max) {
    if (options.slow == Slow::kClose) End(io::ConnClose::kAbort);
    return;
  }
  // A client masks each of its frames with another key.
  if (client_) return Emit(static_cast<Opcode>(message.Type()), message.Payload());
  const bool compress = Compresses() && message.Payload().size() >= options.deflate.threshold_bytes;
  const int bits = compress ? send_.window_bits : 0;
  const std::string& frame = message.Frame(bits, session_.setup_->pool.get());
  // The window of our deflater now differs from the peer's.
  if (compress && send_.takeover) deflater_.reset();
  emitted_ += frame.size();
  blocks.AppendTo(conn_->Out(), frame, bits);
  Sent();
}

}  // namespace hon::websocket::internal
