// The life of a session, and the common part of both directions. Input: session_input.cc, output:
// session_output.cc.

#include "hon/h2/session.h"

#include <algorithm>
#include <utility>

#include "hon/base/assert.h"
#include "hon/base/flatten.h"

namespace hon::h2 {
namespace {

// The priority of a stream without a Priority field or PRIORITY_UPDATE: such streams take turns, so
// that a short answer does not wait for the end of a long one. RFC 9218 §10 leaves the order to the
// server.
constexpr Priority kUnsignaled{.incremental = true};

}  // namespace

Session::Session(Role role, const SessionLimits& limits, SessionHandler& handler,
                 io::LinkBuffer& out)
    : handler_(&handler),
      out_(&out),
      limits_(limits),
      decoder_(limits.decoder_table_bytes),
      control_(limits.control_credit),
      resets_(limits.reset_credit),
      role_(role),
      preface_seen_(role == Role::kClient) {
  encoder_.SetTableBytesMax(limits_.encoder_table_bytes);
  peer_.enable_push = role == Role::kServer;  // only a client sends ENABLE_PUSH
}

// The owner must have released all streams.
Session::~Session() { HON_ASSERT(owned_ == 0); }

void Session::Start(bool connect_protocol) {
  if (role_ == Role::kClient) out_->Write(kClientPreface);
  std::array<Setting, 6> settings;
  size_t count = 0;
  const auto announce = [&](SettingId id, uint32_t value) { settings[count++] = {id, value}; };
  if (role_ == Role::kClient) {
    announce(SettingId::kEnablePush, 0);
  } else {
    announce(SettingId::kMaxConcurrentStreams, limits_.streams_max);
    announce(SettingId::kNoRfc7540Priorities, 1);
    if (connect_protocol) announce(SettingId::kEnableConnectProtocol, 1);
  }
  if (limits_.decoder_table_bytes != HpackDecoder::kTableBytesMax) {
    announce(SettingId::kHeaderTableSize, static_cast<uint32_t>(limits_.decoder_table_bytes));
  }
  if (limits_.stream_window != kInitialWindow) {
    announce(SettingId::kInitialWindowSize, limits_.stream_window);
  }
  announce(SettingId::kMaxHeaderListSize,
           static_cast<uint32_t>(std::min<size_t>(limits_.fields.list_bytes_max, UINT32_MAX)));
  WriteSettings(*out_, settings.data(), count);
  ++settings_unacknowledged_;
  receive_.GrowTo(limits_.connection_window);
  if (const uint32_t increment = receive_.TakeAll(); increment != 0) {
    WriteWindowUpdate(*out_, 0, increment);
  }
}

bool Session::MayOpen() const {
  return !failure_ && !goaway_received_ && next_stream_ <= kStreamIdMax &&
         owned_ < peer_.max_concurrent_streams;
}

void Session::Move(Stream& stream, StreamEvent event) {
  const std::optional<StreamState> next = NextStreamState(stream.state_, event);
  HON_ASSERT(next.has_value());
  stream.state_ = *next;
}

// Makes `stream`, blank or released, the stream with this identifier.
void Session::Begin(Stream& stream, uint32_t id) {
  HON_ASSERT(!stream.owned_ && stream.in_.Empty() && stream.out_.Empty());
  stream.id_ = id;
  streams_.Insert(stream);  // the only step that may throw
  stream.state_ = StreamState::kIdle;
  stream.input_ended_ = false;
  stream.final_headers_seen_ = false;
  stream.end_wanted_ = false;
  stream.owned_ = true;
  stream.send_ = SendWindow(peer_.initial_window_size);
  stream.receive_ = ReceiveWindow(limits_.stream_window);
  stream.content_left_ = -1;
  stream.received_ = 0;
  stream.priority = kUnsignaled;
  ++owned_;
}

// The stream is closed on the wire. Received bytes stay for their reader unless the stream was
// reset.
void Session::Close(Stream& stream, bool reset) {
  HON_ASSERT(stream.state_ == StreamState::kClosed);
  streams_.Erase(stream);
  ready_.Remove(stream);
  NoteRecent(stream.id_, reset);
  if (!stream.out_.Empty()) stream.out_.Clear();
  stream.trailers_.reset();
}

void Session::DropInput(Stream& stream) {
  HON_ASSERT(unread_ >= stream.unread_);
  unread_ -= std::exchange(stream.unread_, 0);
  if (!stream.in_.Empty()) stream.in_.Clear();
}

void Session::Reset(Stream& stream, ErrorCode code) {
  if (stream.state_ == StreamState::kClosed || !stream.owned_) return;
  if (!failure_) WriteRstStream(*out_, stream.id_, code);
  Move(stream, StreamEvent::kSendReset);
  Close(stream, true);
  DropInput(stream);
}

void Session::ResetFaulty(Stream& stream, const Violation& violation) {
  Reset(stream, violation.code);
  SpendReset();
}

HON_NO_CANARY void Session::Release(Stream& stream) {
  HON_ASSERT(stream.owned_);
  if (stream.state_ != StreamState::kClosed) [[unlikely]] {
    const bool answered = stream.state_ == StreamState::kHalfClosedLocal && role_ == Role::kServer;
    Reset(stream, answered ? ErrorCode::kNoError : ErrorCode::kCancel);
  }
  DropInput(stream);
  HON_ASSERT(owned_ > 0 && sections_bytes_ >= stream.section_bytes_);
  --owned_;
  sections_bytes_ -= std::exchange(stream.section_bytes_, 0);
  sections_fields_ -= std::exchange(stream.section_fields_, 0);
  stream.owned_ = false;
  stream.user_data_ = nullptr;
}

// The peer broke a rule on one stream: resets the stream.
void Session::ResetForViolation(Stream& stream, const Violation& violation) {
  ResetFaulty(stream, violation);
  handler_->OnReset(stream, violation.code, false);
}

// As ResetForViolation, for an identifier without a Stream.
void Session::ResetUnknown(uint32_t id, ErrorCode code) {
  WriteRstStream(*out_, id, code);
  NoteRecent(id, true);
  SpendReset();
  handler_->OnRefused(code);
}

void Session::NoteRecent(uint32_t id, bool reset) {
  if (recent_ == nullptr) recent_ = std::make_unique<std::array<Recent, kRecentMax>>();
  (*recent_)[next_recent_] = {id, reset};
  next_recent_ = static_cast<uint8_t>((next_recent_ + 1U) % kRecentMax);
}

Session::Recent* Session::FindRecent(uint32_t id) {
  if (recent_ == nullptr) return nullptr;
  auto* const found = std::find_if(recent_->begin(), recent_->end(),
                                   [id](const Recent& recent) { return recent.id == id; });
  return found == recent_->end() ? nullptr : found;
}

// Whether no side has opened the stream yet.
bool Session::IsIdle(uint32_t id) const {
  const bool from_client = id % 2 == 1;
  if (role_ == Role::kClient) return !from_client || id >= next_stream_;
  return !from_client || id > last_peer_stream_;
}

// Ends the connection: GOAWAY has the reason, and no further input is processed.
void Session::Fail(const Violation& violation) {
  if (failure_) return;
  failure_ = violation;
  WriteGoAway(*out_, last_peer_stream_, violation.code, violation.reason);
}

bool Session::SpendControl(uint32_t cost) {
  if (control_.Spend(cost)) return true;
  Fail(ConnectionError(ErrorCode::kEnhanceYourCalm, "too many frames that bring nothing"));
  return false;
}

void Session::SpendReset() {
  if (resets_.Spend()) return;
  Fail(ConnectionError(ErrorCode::kEnhanceYourCalm, "too many streams end before their time"));
}

void Session::RefillCredit(TimePoint now) {
  if (credited_ == TimePoint{}) credited_ = now;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - credited_).count();
  if (seconds <= 0) return;
  credited_ += std::chrono::seconds(seconds);
  const int64_t credit =
      std::min<int64_t>(seconds, UINT32_MAX / 2) * int64_t{limits_.control_credit_per_second};
  control_.Earn(static_cast<uint32_t>(std::min<int64_t>(credit, UINT32_MAX)));
}

void Session::SetPriority(Stream& stream, Priority priority) { ready_.Change(stream, priority); }

void Session::Consumed(Stream& stream) {
  // In() may hold more than before: a reader has given bytes back.
  if (stream.in_.Len() >= stream.unread_) return;
  const size_t bytes = stream.unread_ - stream.in_.Len();
  stream.unread_ = stream.in_.Len();
  HON_ASSERT(unread_ >= bytes);
  unread_ -= bytes;
  if (stream.state_ == StreamState::kClosed || stream.input_ended_ || failure_) return;
  ReceiveWindow& window = stream.receive_;
  window.Release(bytes);
  // The window of a reader that keeps up with it grows.
  const bool keeps_up = stream.in_.Empty() && stream.received_ >= window.Size();
  if (keeps_up && unread_ < limits_.unread_bytes_max) {
    window.GrowTo(std::min(window.Size() * 2, limits_.stream_window_max));
    stream.received_ = 0;
  }
  if (const uint32_t increment = window.TakeUpdate(); increment != 0) {
    WriteWindowUpdate(*out_, stream.id_, increment);
  }
}

void Session::SendGoAway(uint32_t last_stream, ErrorCode code, std::string_view debug) {
  if (!failure_) WriteGoAway(*out_, last_stream, code, debug);
}

void Session::SendPing(uint64_t opaque) {
  if (!failure_) WritePing(*out_, opaque, false);
}

void Session::Abandon() {
  headers_.Reset();
  if (!failure_) failure_ = ConnectionError(ErrorCode::kInternalError, "the connection is gone");
}

}  // namespace hon::h2
