#pragma once

// The members of BasicResponse, for the one file that instantiates it with an encoder.

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "hon/adaptor/response.h"
#include "hon/base/assert.h"
#include "hon/base/short_copy.h"
#include "hon/http/sniff.h"
#include "hon/http/status.h"
#include "hon/io/file.h"

namespace hon::adaptor {

template <class Encoder>
BasicResponse<Encoder>::BasicResponse() : buffer_() {}

// --- The handler's calls.

template <class Encoder>
void BasicResponse<Encoder>::WriteHeader(int status) {
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

// Sends a 1xx at once.
template <class Encoder>
void BasicResponse<Encoder>::Interim(int status) {
  if (!encoder_.KnowsInterim()) return;
  if (status == http::StatusContinue && options_.body != nullptr) options_.body->ContinueSent();
  encoder_.SendInterim(status, header_);
  encoder_.Flush();
}

template <class Encoder>
inline void BasicResponse<Encoder>::Commit(int status) {
  HON_ASSERT(phase_ == Phase::kOpen);
  status_ = status;
  allows_body_ = IsBodyAllowed(status);
  phase_ = Phase::kCommitted;
  if (options_.body != nullptr) options_.body->SuppressContinue();
  const bool tunnel = options_.connect && status >= 200 && status < 300;
  const ResponseFacts& facts = encoder_.Commit(status, tunnel, header_);
  length_ = facts.content_length;
  if (facts.mistaken) ReportMistakes();
}

template <class Encoder>
void BasicResponse<Encoder>::ReportMistakes() {
  const ResponseFacts& facts = encoder_.Facts();
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

// The error of a call on a response that has ended.
template <class Encoder>
Error BasicResponse<Encoder>::Refuse(const char* call) {
  if (phase_ != Phase::kHijacked) return io::ErrClosed;
  control_->LogHandlerError(std::string("http: response.") + call + " on hijacked connection");
  return http::ErrHijacked;
}

template <class Encoder>
io::IoResult BasicResponse<Encoder>::Write(std::string_view data) {
  if (IsDone()) return {0, Refuse("Write")};
  if (phase_ == Phase::kOpen) [[likely]]
    Commit(http::StatusOK);
  if (encoder_.Failure()) [[unlikely]]
    return {0, encoder_.Failure()};
  if (data.empty()) return {};
  if (!allows_body_) return {0, http::ErrBodyNotAllowed};
  const auto size = static_cast<int64_t>(data.size());
  if (Allowed(size) != size) {
    if (!options_.head) encoder_.Break();
    return {0, http::ErrContentLength};
  }
  written_ += size;
  if (data.size() <= buffer_.size() - buffered_) [[likely]] {
    CopyShort(data, buffer_.data() + buffered_);
    buffered_ += static_cast<uint32_t>(data.size());
    return {data.size(), {}};
  }
  SendBody(data);
  if (encoder_.Failure()) return {0, encoder_.Failure()};
  return {data.size(), {}};
}

// The part of `wanted` further bytes that a declared length allows.
template <class Encoder>
int64_t BasicResponse<Encoder>::Allowed(int64_t wanted) const {
  return length_ < 0 ? wanted : std::min(wanted, length_ - written_);
}

template <class Encoder>
Error BasicResponse<Encoder>::Flush() {
  if (IsDone()) return Refuse("Flush");
  if (phase_ == Phase::kOpen) CommitOk();
  if (encoder_.Failure()) return encoder_.Failure();
  SendBuffered();
  encoder_.Flush();
  return encoder_.Failure();
}

template <class Encoder>
Result<std::unique_ptr<io::Conn>> BasicResponse<Encoder>::Hijack() {
  if (IsDone()) return Fail(phase_ == Phase::kHijacked ? http::ErrHijacked : io::ErrClosed);
  if (options_.body != nullptr) options_.body->SuppressContinue();
  if (phase_ != Phase::kOpen) SendBuffered();
  auto conn = control_->Hijack({});
  if (conn) phase_ = Phase::kHijacked;
  return conn;
}

template <class Encoder>
Error BasicResponse<Encoder>::Upgrade(std::string_view protocol, const http::Header& fields,
                                      io::ConnSink& sink) {
  if (IsDone()) return Refuse("Upgrade");
  if (phase_ != Phase::kOpen) return Error::New("http: response.Upgrade after the head");
  if (!encoder_.KnowsUpgrade()) {
    return Error::Of(http::ErrNotSupported, "http: the protocol of this request has no Upgrade");
  }
  if (options_.body != nullptr) {
    options_.body->SuppressContinue();
    HON_RETURN_IF_ERROR(options_.body->Close());
  }
  if constexpr (Encoder::kOnStreams) {
    encoder_.SendUpgrade(protocol, fields);
    HON_RETURN_IF_ERROR(control_->Lend(sink, true));
    phase_ = Phase::kHijacked;
    status_ = http::StatusOK;
    return {};
  } else {
    auto conn = control_->Hijack(encoder_.UpgradeHead(protocol, fields));
    if (!conn) return std::move(conn.error());
    phase_ = Phase::kHijacked;
    status_ = http::StatusSwitchingProtocols;
    return (*conn)->BecomeEvented(sink);
  }
}

template <class Encoder>
Error BasicResponse<Encoder>::Detach(io::ConnSink& sink) {
  const auto cannot = [](const char* why) {
    return Error::Of(http::ErrNotSupported, std::string("http: cannot detach ") + why);
  };
  if (IsDone()) return Refuse("Detach");
  if (phase_ == Phase::kBody) return cannot("an answer whose head is sent");
  if (options_.body != nullptr && !options_.body->AtEnd()) {
    return cannot("an answer to a request with a body");
  }
  if (phase_ == Phase::kOpen) CommitOk();
  if (!SendsBody()) return http::ErrBodyNotAllowed;
  if (length_ >= 0) return cannot("an answer with a Content-Length");
  if (encoder_.Facts().has_trailers || HasLateTrailers(header_)) {
    return cannot("an answer with trailers");
  }
  SendBuffered();
  HON_RETURN_IF_ERROR(encoder_.Lend(*control_, sink));
  phase_ = Phase::kHijacked;
  return {};
}

template <class Encoder>
Error BasicResponse<Encoder>::SetReadDeadline(TimePoint deadline) {
  if (IsDone()) return Refuse("SetReadDeadline");
  encoder_.GetStream().SetReadDeadline(deadline);
  return {};
}

template <class Encoder>
Error BasicResponse<Encoder>::SetRequestDeadline(TimePoint deadline) {
  if (IsDone()) return Refuse("SetRequestDeadline");
  return control_->SetRequestDeadline(deadline);
}

template <class Encoder>
Error BasicResponse<Encoder>::SetWriteDeadline(TimePoint deadline) {
  if (IsDone()) return Refuse("SetWriteDeadline");
  encoder_.GetStream().SetWriteDeadline(deadline);
  return {};
}

template <class Encoder>
Error BasicResponse<Encoder>::EnableFullDuplex() {
  full_duplex_ = true;
  return {};
}

// --- The engine's call.

template <class Encoder>
void BasicResponse<Encoder>::Finish() {
  if (IsDone()) return;
  if (phase_ == Phase::kOpen) CommitOk();
  if (phase_ == Phase::kCommitted) {
    SendHead(true);
  } else {
    SendBuffered();
  }
  encoder_.End(header_);
  if (written_ < length_ && SendsBody()) encoder_.Break();  // fewer bytes than declared
  phase_ = Phase::kFinished;
}

// --- Head and body.

template <class Encoder>
inline bool BasicResponse<Encoder>::SendsBody() const {
  return allows_body_ && !options_.head;
}

// Whether a complete body gets a Content-Length: when no other field states its length, and no
// trailers follow. A HEAD without a body says nothing about the length that a GET would have.
template <class Encoder>
inline bool BasicResponse<Encoder>::GetsLength() const {
  return encoder_.Facts().auto_length && allows_body_ && length_ < 0 &&
         (!options_.head || buffered_ != 0) &&
         !(HasLateTrailers(header_) && encoder_.KnowsTrailers());
}

// Sends the head with the buffered bytes, which with `complete` are the whole body.
template <class Encoder>
inline void BasicResponse<Encoder>::SendHead(bool complete) {
  HON_ASSERT(phase_ == Phase::kCommitted);
  const ResponseFacts& facts = encoder_.Facts();
  const std::string_view buffered(buffer_.data(), buffered_);
  HeadPlan plan;
  plan.status = status_;
  if (complete && GetsLength()) plan.content_length = length_ = buffered_;
  plan.length = length_;
  plan.sends_body = SendsBody();
  plan.full_duplex = full_duplex_;
  if (!facts.has_date) plan.date = options_.date;
  if (facts.auto_type && buffered_ != 0) {
    plan.content_type = http::DetectContentType(buffered);
  }
  phase_ = Phase::kBody;
  buffered_ = 0;
  encoder_.SendHead(plan, *control_, buffered);
}

// Sends the buffered bytes and `data`, in one piece.
template <class Encoder>
void BasicResponse<Encoder>::SendBody(std::string_view data) {
  if (phase_ == Phase::kCommitted) {
    // The type is found by the first bytes, independent of the sizes of the handler's writes.
    const size_t part = std::min(data.size(), buffer_.size() - buffered_);
    std::memcpy(buffer_.data() + buffered_, data.data(), part);
    buffered_ += static_cast<uint32_t>(part);
    data.remove_prefix(part);
    SendHead(false);
  }
  const std::string_view buffered(buffer_.data(), buffered_);
  buffered_ = 0;
  encoder_.SendData(buffered, data);
}

template <class Encoder>
void BasicResponse<Encoder>::SendBuffered() {
  if (phase_ == Phase::kCommitted) return SendHead(false);
  SendBody({});
}

// --- Copying from a Reader.

template <class Encoder>
io::CopyResult BasicResponse<Encoder>::ReadFrom(io::Reader& from) {
  if (IsDone()) return {0, Refuse("ReadFrom")};
  if (phase_ == Phase::kOpen) CommitOk();
  if (encoder_.Failure()) return {0, encoder_.Failure()};
  int64_t limit = 0;
  io::File* file = from.AsFile(&limit);
  if (file != nullptr && allows_body_) {
    const Result<int64_t> size = file->Size();
    const Result<int64_t> offset = file->Position();
    // Descriptors without a position or with a size of 0 are read in place of sendfile: pipes,
    // files of /proc.
    if (size && offset) {
      const int64_t count = std::min(limit, *size - *offset);
      if (count >= kSendFileBytesMin) return CopyFile(from, *file, *offset, count);
      if (count > 0) encoder_.GetStream().PrepareFile(*file, *offset, count);
    }
  }
  if (io::BlockReader* const blocks = from.AsBlocks(encoder_.GetStream().Out().Pool())) {
    return MoveBlocks(*blocks);
  }
  return CopyBlocks(from);
}

// Sends the blocks of `from` as they are; small content goes through the buffer.
template <class Encoder>
io::CopyResult BasicResponse<Encoder>::MoveBlocks(io::BlockReader& from) {
  int64_t moved = 0;
  io::LinkBuffer part(encoder_.GetStream().Out().Pool());
  for (;;) {
    const size_t unsent = std::min(encoder_.GetStream().Out().Len(), io::kHighWaterBytes);
    const io::IoResult got = from.ReadBlocks(part, kMovedPartBytesMax - unsent);
    if (got.n != 0) {
      if (Error err = SendPart(part)) return {moved, std::move(err)};
      moved += static_cast<int64_t>(got.n);
    }
    if (got.err) return {moved, got.err.Is(io::ErrEof) ? Error() : got.err};
  }
}

// Sends the bytes of `part`, which is empty afterwards.
template <class Encoder>
Error BasicResponse<Encoder>::SendPart(io::LinkBuffer& part) {
  const bool sniffs = phase_ == Phase::kCommitted && encoder_.Facts().auto_type;
  if (part.Len() < kBodyBufferBytes || sniffs || !SendsBody()) {
    while (!part.Empty()) {
      const std::string_view front = part.Front();
      HON_RETURN_IF_ERROR(Write(front).err);
      static_cast<void>(part.Skip(front.size()));
    }
    return {};
  }
  const auto size = static_cast<int64_t>(part.Len());
  if (Allowed(size) != size) {
    encoder_.Break();
    return http::ErrContentLength;
  }
  written_ += size;
  SendBuffered();
  encoder_.SendBlocks(part);
  return encoder_.Failure();
}

// Reads into blocks that are sent as they are; small content goes through the buffer.
template <class Encoder>
io::CopyResult BasicResponse<Encoder>::CopyBlocks(io::Reader& from) {
  int64_t copied = 0;
  io::BlockRef hold;
  for (;;) {
    if (hold.Get() == nullptr) {
      io::Block* fresh = encoder_.GetStream().Out().Pool().Get();
      hold = io::BlockRef(fresh);
      io::BlockPool::Unref(fresh);
    }
    io::Block& block = *hold.Get();
    char* const begin = block.data + Encoder::kRoomBefore;
    const io::IoResult got =
        from.Read({begin, block.capacity - Encoder::kRoomBefore - Encoder::kRoomBehind});
    if (got.n != 0) {
      Error err;
      if (got.n < kBodyBufferBytes || phase_ != Phase::kBody || !SendsBody()) {
        err = Write({begin, got.n}).err;
      } else {
        err = SendBlock(block, got.n);
        hold.Reset();
      }
      if (err) return {copied, std::move(err)};
      copied += static_cast<int64_t>(got.n);
    }
    if (got.err) return {copied, got.err.Is(io::ErrEof) ? Error() : got.err};
  }
}

// Sends `size` bytes of `block` that lie behind room for the encoder.
template <class Encoder>
Error BasicResponse<Encoder>::SendBlock(io::Block& block, size_t size) {
  const auto wanted = static_cast<int64_t>(size);
  if (Allowed(wanted) != wanted) {
    encoder_.Break();
    return http::ErrContentLength;
  }
  written_ += wanted;
  SendBuffered();
  encoder_.SendBlock(block, size);
  return encoder_.Failure();
}

// Sends `size` bytes of `file` without copying them. A file that turns out shorter breaks the
// framing, and the connection must end.
template <class Encoder>
io::CopyResult BasicResponse<Encoder>::CopyFile(io::Reader& from, io::File& file, int64_t offset,
                                                int64_t size) {
  int64_t copied = 0;
  const bool sniffs = phase_ == Phase::kCommitted && encoder_.Facts().auto_type;
  if (sniffs && buffered_ < http::kSniffBytes) {
    char first[http::kSniffBytes];
    encoder_.GetStream().PrepareFile(file, offset, http::kSniffBytes);
    const io::IoResult got = io::ReadFull(from, first);
    if (got.err) return {0, got.err};
    if (const io::IoResult put = Write({first, got.n}); put.err) return {0, put.err};
    copied = static_cast<int64_t>(got.n);
  }
  SendBuffered();
  const int64_t rest = size - copied;
  const int64_t count = Allowed(rest);
  if (!SendsBody()) {
    written_ += count;
    copied += count;
  } else if (count > 0 && !encoder_.Failure()) {
    const int64_t sent = encoder_.SendFile(file, offset + copied, count);
    written_ += sent;
    copied += sent;
  }
  static_cast<void>(file.SeekTo(offset + copied));
  if (encoder_.Failure()) return {copied, encoder_.Failure()};
  if (count == rest) return {copied, {}};
  encoder_.Break();
  return {copied, http::ErrContentLength};
}

}  // namespace hon::adaptor
