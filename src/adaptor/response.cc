#include "hon/adaptor/response.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "hon/base/flatten.h"
#include "hon/http/sniff.h"
#include "hon/http/status.h"

namespace hon::adaptor {

Response::Response() : buffer_() {}

// --- The handler's calls.

void Response::WriteHeader(int status) {
  if (phase_ == Phase::kHijacked) {
    return control_->LogHandlerError("http: response.WriteHeader on hijacked connection");
  }
  if (phase_ != Phase::kOpen) {
    return control_->LogHandlerError("http: superfluous response.WriteHeader call");
  }
  if (status < 100 || status > 999) {
    throw std::invalid_argument("invalid WriteHeader code " + std::to_string(status));
  }
  if (status < 200 && status != http::StatusSwitchingProtocols) return Interim(status);
  Commit(status);
}

// A 1xx goes out at once. HTTP/1.0 does not know them (RFC 9110 §15.2).
void Response::Interim(int status) {
  if (options_.http10) return;
  if (status == http::StatusContinue && options_.body != nullptr) options_.body->ContinueSent();
  head_.Commit(status, false, header_);
  io::LinkBuffer& out = stream_->Out();
  char* const begin = out.Malloc(head_.SizeMax({}));
  out.MallocAck(static_cast<size_t>(head_.Append({}, begin) - begin));
  if (!error_) error_ = stream_->DrainOutput(0);
}

inline void Response::Commit(int status) {
  status_ = status;
  phase_ = Phase::kCommitted;
  if (options_.body != nullptr) options_.body->SuppressContinue();
  const bool tunnel = options_.connect && status >= 200 && status < 300;
  const ResponseHead::Facts& facts = head_.Commit(status, options_.http10, header_, tunnel);
  length_ = facts.content_length;
  if (facts.bad_length || facts.length_dropped || facts.coding == GivenCoding::kForeign) {
    ReportMistakes();
  }
}

void Response::ReportMistakes() {
  const ResponseHead::Facts& facts = head_.GetFacts();
  if (facts.bad_length) {
    control_->LogHandlerError("http: the handler's Content-Length is not one number; dropped");
  }
  if (facts.length_dropped) {
    control_->LogHandlerError(
        "http: both Transfer-Encoding and Content-Length set; length dropped");
  }
  if (facts.coding == GivenCoding::kForeign) {
    control_->LogHandlerError("http: the handler's Transfer-Encoding is unknown; dropped");
  }
}

// Why a call on a response that has ended fails.
Error Response::Refuse(const char* call) {
  if (phase_ != Phase::kHijacked) return io::ErrClosed;
  control_->LogHandlerError(std::string("http: response.") + call + " on hijacked connection");
  return http::ErrHijacked;
}

// Flat, as Finish: two steps that each answer takes.
HON_FLATTEN io::IoResult Response::Write(std::string_view data) {
  if (IsDone()) return {0, Refuse("Write")};
  if (phase_ == Phase::kOpen) Commit(http::StatusOK);
  if (error_) return {0, error_};
  if (data.empty()) return {};
  if (!IsBodyAllowed(status_)) return {0, http::ErrBodyNotAllowed};
  const auto size = static_cast<int64_t>(data.size());
  if (Allowed(size) != size) {
    close_ |= !options_.head;
    return {0, http::ErrContentLength};
  }
  written_ += size;
  if (data.size() <= buffer_.size() - buffered_) [[likely]] {
    std::memcpy(buffer_.data() + buffered_, data.data(), data.size());
    buffered_ += static_cast<uint32_t>(data.size());
    return {data.size(), {}};
  }
  SendBody(data);
  if (error_) return {0, error_};
  return {data.size(), {}};
}

// How much of `wanted` further bytes a declared length leaves.
int64_t Response::Allowed(int64_t wanted) const {
  return length_ < 0 ? wanted : std::min(wanted, length_ - written_);
}

Error Response::Flush() {
  if (IsDone()) return Refuse("Flush");
  if (phase_ == Phase::kOpen) Commit(http::StatusOK);
  if (error_) return error_;
  SendBuffered();
  if (!error_) error_ = stream_->DrainOutput(0);
  return error_;
}

Result<std::unique_ptr<io::Conn>> Response::Hijack() {
  if (IsDone()) return Fail(phase_ == Phase::kHijacked ? http::ErrHijacked : io::ErrClosed);
  if (options_.body != nullptr) options_.body->SuppressContinue();
  if (phase_ != Phase::kOpen) SendBuffered();
  auto conn = control_->Hijack();
  if (conn) phase_ = Phase::kHijacked;
  return conn;
}

Error Response::SetReadDeadline(TimePoint deadline) {
  if (IsDone()) return Refuse("SetReadDeadline");
  stream_->SetReadDeadline(deadline);
  return {};
}

Error Response::SetRequestDeadline(TimePoint deadline) {
  if (IsDone()) return Refuse("SetRequestDeadline");
  return control_->SetRequestDeadline(deadline);
}

Error Response::SetWriteDeadline(TimePoint deadline) {
  if (IsDone()) return Refuse("SetWriteDeadline");
  stream_->SetWriteDeadline(deadline);
  return {};
}

Error Response::EnableFullDuplex() {
  full_duplex_ = true;
  return {};
}

// --- The engine's call.

HON_FLATTEN void Response::Finish() {
  if (IsDone()) return;
  if (phase_ == Phase::kOpen) Commit(http::StatusOK);
  if (phase_ == Phase::kCommitted) {
    SendHead(true);
  } else {
    SendBuffered();
  }
  if (coding_ == Coding::kChunked && !error_) EndChunks();
  // Less than was promised: only the end of the connection can tell the client.
  if (coding_ == Coding::kLength && written_ < length_) close_ = true;
  if (error_) close_ = true;
  phase_ = Phase::kFinished;
}

// --- What the server adds to the head.

inline AutomaticFields Response::Decide(bool complete) {
  const ResponseHead::Facts& facts = head_.GetFacts();
  AutomaticFields fields;
  DecideLength(complete, fields);
  DecideConnection(fields);
  if (!facts.has_date) fields.date = options_.date;
  if (!facts.has_type && facts.coding == GivenCoding::kNone && buffered_ != 0 &&
      IsBodyAllowed(status_)) {
    fields.content_type = http::DetectContentType({buffer_.data(), buffered_});
  }
  return fields;
}

// RFC 9112 §6.3, from the sender's side.
inline void Response::DecideLength(bool complete, AutomaticFields& fields) {
  const ResponseHead::Facts& facts = head_.GetFacts();
  const bool body_allowed = IsBodyAllowed(status_);
  if (facts.tunnel) [[unlikely]] {
    // What the handler writes are the tunnel's bytes (RFC 9110 §9.3.6).
    coding_ = Coding::kUntilClose;
    close_ = true;
    return;
  }
  if (complete && body_allowed && length_ < 0 && !facts.no_auto_length &&
      facts.coding == GivenCoding::kNone && (!options_.head || buffered_ != 0) &&
      (options_.http10 || !(facts.has_trailers || HasLateTrailers(header_)))) {
    length_ = buffered_;
    fields.content_length = length_;
  }
  if (options_.head || !body_allowed) {
    coding_ = Coding::kNone;
  } else if (length_ >= 0) {
    coding_ = Coding::kLength;
  } else if (options_.http10 || facts.coding == GivenCoding::kIdentity) {
    coding_ = Coding::kUntilClose;
    close_ = true;
  } else {
    coding_ = Coding::kChunked;
    fields.chunked = true;
  }
}

// RFC 9112 §9.3, §9.6.
inline void Response::DecideConnection(AutomaticFields& fields) {
  const ResponseHead::Facts& facts = head_.GetFacts();
  const BodyReader* body = options_.body;
  const bool keep_alive = control_->KeepAlive();
  if (facts.lists_close || !keep_alive) close_ = true;
  if (body != nullptr && !body->AtEnd() &&
      (body->Failed() || body->ContinueWithheld() ||
       (!full_duplex_ && body->TooMuch(kUnreadBodyBytesMax)))) {
    close_ = true;
  }
  if (!close_) {
    // Without a length this would not be reached: such an answer ends with the connection.
    if (options_.http10 && !facts.has_connection) fields.connection = ConnectionField::kKeepAlive;
    return;
  }
  const bool says_so = facts.lists_close && keep_alive;
  const bool switches =
      facts.tunnel || (status_ == http::StatusSwitchingProtocols && facts.lists_upgrade);
  if (says_so || switches) return;
  fields.connection = options_.http10 ? ConnectionField::kNone : ConnectionField::kClose;
}

// Sends the head with what is buffered, in one piece. With `complete` that is the whole body.
void Response::SendHead(bool complete) {
  const AutomaticFields fields = Decide(complete);
  phase_ = Phase::kBody;
  const size_t body = coding_ == Coding::kNone ? 0 : buffered_;
  io::LinkBuffer& out = stream_->Out();
  char* const begin = out.Malloc(head_.SizeMax(fields) + kChunkHeadBytesMax + body + 2);
  char* at = head_.Append(fields, begin);
  if (body != 0) {
    if (coding_ == Coding::kChunked) {
      char chunk[kChunkHeadBytesMax];
      const char* head = FormatChunkHeadBackward(body, chunk + sizeof chunk);
      const auto size = static_cast<size_t>(chunk + sizeof chunk - head);
      std::memcpy(at, head, size);
      at += size;
    }
    std::memcpy(at, buffer_.data(), body);
    at += body;
    if (coding_ == Coding::kChunked) {
      *at++ = '\r';
      *at++ = '\n';
    }
  }
  buffered_ = 0;
  out.MallocAck(static_cast<size_t>(at - begin));
}

}  // namespace hon::adaptor
