// Handling of received frames.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "h2/short_text.h"
#include "hon/base/assert.h"
#include "hon/base/flatten.h"
#include "hon/base/short_copy.h"
#include "hon/h2/session.h"

namespace hon::h2 {
namespace {

constexpr int64_t kSharedFromBytes =
    4096;  // DATA of fewer bytes is copied, as its block may be large

constexpr Violation ProtocolError(std::string_view reason) {
  return ConnectionError(ErrorCode::kProtocolError, reason);
}

// Moves `bytes` from the front of `from` to the end of `to`.
void MoveBytes(io::LinkBuffer& from, io::LinkBuffer& to, size_t bytes) {
  if (bytes >= kSharedFromBytes) {
    Result<io::LinkBuffer> part = from.Slice(bytes);
    HON_ASSERT(part.has_value());
    to.Append(std::move(*part));
    return;
  }
  while (bytes != 0) {
    const std::string_view front = from.Front().substr(0, bytes);
    to.Write(front);
    bytes -= front.size();
    const Error none = from.Skip(front.size());
    HON_ASSERT(!none);
  }
}

void Drop(io::LinkBuffer& from, size_t bytes) {
  const Error none = from.Skip(bytes);
  HON_ASSERT(!none);
}

}  // namespace

Session::Status Session::Receive(io::LinkBuffer& in, TimePoint now) {
  if (failure_) return Status::kFailed;
  RefillCredit(now);
  if (!preface_seen_ && !ReceivePreface(in)) return failure_ ? Status::kFailed : Status::kMore;
  frames_left_ = kFramesPerCallMax;
  return ResumeReceive(in);
}

Session::Status Session::ResumeReceive(io::LinkBuffer& in) {
  if (failure_) return Status::kFailed;
  paused_ = false;
  while (frames_left_ != 0) {
    --frames_left_;
    const bool received = data_stream_ != 0 ? ReceiveDataPart(in) : ReceiveFrame(in);
    if (failure_) return Status::kFailed;
    if (!received) return Status::kMore;
    if (paused_) return Status::kPaused;
  }
  return in.Empty() ? Status::kMore : Status::kYield;
}

bool Session::ReceivePreface(io::LinkBuffer& in) {
  const size_t size = std::min(in.Len(), kClientPreface.size());
  const Result<std::string_view> start = in.Peek(size);
  if (!start || *start != kClientPreface.substr(0, size)) {
    Fail(ProtocolError("connection preface is missing"));
    return false;
  }
  if (size < kClientPreface.size()) return false;
  Drop(in, size);
  preface_seen_ = true;
  return true;
}

[[gnu::always_inline]] inline void Session::BeginBlock(const FrameHeader& header,
                                                       std::string_view fragment,
                                                       bool depends_on_itself) {
  block_stream_ = header.stream;
  block_ends_stream_ = header.Has(kFlagEndStream);
  block_depends_on_itself_ = depends_on_itself;
  if (header.Has(kFlagEndHeaders)) return EndBlock(fragment);
  continuations_ = 0;
  block_ = std::make_unique<std::string>(fragment);
}

void Session::HandleHeaders(const Frame& frame) {
  const FrameHeader& header = frame.header;
  const auto pad_length =
      frame.payload.empty() ? uint8_t{0} : static_cast<uint8_t>(frame.payload.front());
  const std::optional<Unpadded> parts = Unpad(header, pad_length);
  if (!parts) return Fail(ProtocolError("padding of HEADERS is longer than the frame"));
  const bool depends_on_itself =
      header.Has(kFlagPriority) &&
      ReadUint31(frame.payload.data() + parts->before - 5) == header.stream;
  BeginBlock(header, frame.payload.substr(parts->before, parts->content), depends_on_itself);
}

// Returns false when no whole frame, or for DATA no beginning of one, has arrived.
HON_NO_CANARY bool Session::ReceiveFrame(io::LinkBuffer& in) {
  if (in.Len() < kFrameHeaderBytes) return false;
  const std::string_view front = in.Front();
  const FrameHeader header = ReadFrameHeader(
      front.size() >= kFrameHeaderBytes ? front.data() : in.Peek(kFrameHeaderBytes)->data());
  // Nearly every request: HEADERS in one piece, with nothing to be objected to by its header.
  if (header.type == FrameType::kHeaders && header.length <= kFrameBytesMin && header.stream != 0 &&
      settings_seen_ && block_stream_ == 0 && front.size() >= kFrameHeaderBytes + header.length)
      [[likely]] {
    const std::string_view payload = front.substr(kFrameHeaderBytes, header.length);
    if (header.Has(kFlagPadded | kFlagPriority)) {
      HandleHeaders({header, payload});
    } else {
      BeginBlock(header, payload, false);
    }
    Drop(in, kFrameHeaderBytes + header.length);
    return true;
  }
  Violation violation = JudgeFrame(header, kFrameBytesMin);
  if (!violation || !violation.connection) {
    if (const Violation order = JudgeOrder(header)) violation = order;
  }
  if (violation && violation.connection) {
    Fail(violation);
    return false;
  }
  if (header.type == FrameType::kData) {
    const size_t start =
        kFrameHeaderBytes + (header.Has(kFlagPadded) && header.length != 0 ? 1 : 0);
    if (in.Len() < start) return false;
    const auto pad_length = static_cast<uint8_t>((*in.Peek(start))[start - 1]);
    Drop(in, start);
    HandleData(header, pad_length);
    // A frame without content is whole with its header: no later input would process its end.
    const bool whole = data_stream_ != 0 && data_content_left_ + data_padding_left_ == 0;
    return failure_ || !whole || ReceiveDataPart(in);
  }
  const size_t whole = kFrameHeaderBytes + header.length;
  if (in.Len() < whole) return false;
  const std::string_view payload = in.Peek(whole)->substr(kFrameHeaderBytes);
  if (violation) {
    Stream* const stream = streams_.Find(header.stream);
    if (stream != nullptr) {
      ResetForViolation(*stream, violation);
    } else if (IsIdle(header.stream)) {
      Fail(violation);  // there is no stream to reset
    } else {
      ResetUnknown(header.stream, violation.code);
    }
  } else {
    Handle({header, payload});
  }
  Drop(in, whole);
  return true;
}

// Judges whether a frame may come now, independent of its payload.
Violation Session::JudgeOrder(const FrameHeader& header) const {
  if (!settings_seen_ && (header.type != FrameType::kSettings || header.Has(kFlagAck))) {
    return ProtocolError("the first frame is not SETTINGS");
  }
  const bool continues = header.type == FrameType::kContinuation;
  if (block_stream_ != 0) {
    const bool next = continues && header.stream == block_stream_;
    return next ? Violation() : ProtocolError("another frame inside a field block");
  }
  return continues ? ProtocolError("CONTINUATION without HEADERS") : Violation();
}

void Session::Handle(const Frame& frame) {
  switch (frame.header.type) {
    case FrameType::kHeaders:
      return HandleHeaders(frame);
    case FrameType::kContinuation:
      return HandleContinuation(frame);
    case FrameType::kPriority:
      return HandlePriority(frame);
    case FrameType::kRstStream:
      return HandleRstStream(frame);
    case FrameType::kSettings:
      return HandleSettings(frame);
    case FrameType::kPing:
      return HandlePing(frame);
    case FrameType::kGoAway:
      return HandleGoAway(frame);
    case FrameType::kWindowUpdate:
      return HandleWindowUpdate(frame);
    case FrameType::kPriorityUpdate:
      return HandlePriorityUpdate(frame);
    case FrameType::kPushPromise:
      // Clients must not send PUSH_PROMISE, and this side's client has disabled push (RFC 9113
      // §8.4).
      return Fail(ProtocolError("PUSH_PROMISE"));
    case FrameType::kData:
      break;
  }
  SpendControl();  // of an unknown type: ignored (RFC 9113 §4.1)
}

// DATA.

void Session::HandleData(const FrameHeader& header, uint8_t pad_length) {
  const std::optional<Unpadded> parts = Unpad(header, pad_length);
  if (!parts) return Fail(ProtocolError("padding of DATA is longer than the frame"));
  if (IsIdle(header.stream)) return Fail(ProtocolError("DATA on an idle stream"));
  if (!receive_.Receive(header.length)) {
    return Fail(ConnectionError(ErrorCode::kFlowControlError, "DATA past the connection's window"));
  }
  // Credited at once in any case: only the stream's own window holds its sender back.
  receive_.Release(header.length);
  if (const uint32_t increment = receive_.TakeUpdate(); increment != 0) {
    WriteWindowUpdate(*out_, 0, increment);
  }
  data_stream_ = header.stream;
  data_content_left_ = parts->content;
  data_padding_left_ = parts->after;
  data_ends_stream_ = header.Has(kFlagEndStream);
  if (parts->content == 0 && !data_ends_stream_ && !SpendControl()) return;

  Stream* const stream = streams_.Find(header.stream);
  if (stream == nullptr) {
    const Recent* const recent = FindRecent(header.stream);
    if (recent == nullptr || !recent->reset) {
      ResetUnknown(header.stream, ErrorCode::kStreamClosed);
    }
    return;
  }
  if (stream->input_ended_) {
    return ResetForViolation(*stream, StreamError(ErrorCode::kStreamClosed, "DATA behind the end"));
  }
  if (!stream->receive_.Receive(header.length)) {
    return ResetForViolation(
        *stream, StreamError(ErrorCode::kFlowControlError, "DATA past the stream's window"));
  }
  stream->receive_.Release(parts->before + parts->after);
  if (const uint32_t increment = stream->receive_.TakeUpdate(); increment != 0) {
    WriteWindowUpdate(*out_, stream->id_, increment);
  }
  if (const Violation violation = JudgeContent(*stream, parts->content, data_ends_stream_)) {
    return ResetForViolation(*stream, violation);
  }
  Move(*stream, StreamEvent::kRecvData);
  if (stream->content_left_ >= 0) stream->content_left_ -= parts->content;
}

// RFC 9113 §8.1.1: DATA adds up to a declared Content-Length.
Violation Session::JudgeContent(const Stream& stream, uint32_t bytes, bool end) const {
  if (role_ == Role::kClient && !stream.final_headers_seen_) {
    return StreamError(ErrorCode::kProtocolError, "DATA before the answer's head");
  }
  if (stream.content_left_ < 0) return {};
  if (int64_t{bytes} > stream.content_left_) {
    return StreamError(ErrorCode::kProtocolError, "more DATA than Content-Length");
  }
  if (end && int64_t{bytes} != stream.content_left_) {
    return StreamError(ErrorCode::kProtocolError, "less DATA than Content-Length");
  }
  return {};
}

[[gnu::always_inline]] inline void Session::EndInput(Stream& stream) {
  HON_ASSERT(!stream.input_ended_);
  stream.input_ended_ = true;
  Move(stream, StreamEvent::kRecvEndStream);
  if (stream.state_ == StreamState::kClosed) Close(stream, false);
}

// Consumes the received part of a DATA frame. Returns false when nothing has arrived.
bool Session::ReceiveDataPart(io::LinkBuffer& in) {
  Stream* stream = streams_.Find(data_stream_);
  if (stream != nullptr && stream->input_ended_) stream = nullptr;
  const auto content = static_cast<uint32_t>(std::min<size_t>(in.Len(), data_content_left_));
  const size_t before = in.Len();
  bool grown = false;
  if (data_content_left_ != 0 && content != 0) {
    if (stream != nullptr) {
      AppendData(*stream, in, content);
      grown = true;
    } else {
      Drop(in, content);
    }
    data_content_left_ -= content;
  }
  if (data_content_left_ == 0) {
    const auto padding = static_cast<uint32_t>(std::min<size_t>(in.Len(), data_padding_left_));
    if (padding != 0) Drop(in, padding);
    data_padding_left_ -= padding;
  }
  const bool whole = data_content_left_ == 0 && data_padding_left_ == 0;
  if (whole) {
    data_stream_ = 0;
    if (stream != nullptr && data_ends_stream_) {
      EndInput(*stream);
      grown = true;
    }
  }
  if (grown) handler_->OnData(*stream);
  return whole || in.Len() != before;
}

void Session::AppendData(Stream& stream, io::LinkBuffer& in, size_t bytes) {
  MoveBytes(in, stream.in_, bytes);
  stream.unread_ += bytes;
  unread_ += bytes;
  stream.received_ += static_cast<uint32_t>(bytes);
}

// HEADERS and CONTINUATION.

void Session::HandleContinuation(const Frame& frame) {
  if (block_ == nullptr) {
    return Fail(ConnectionError(ErrorCode::kInternalError, "no memory for a field block"));
  }
  if (++continuations_ > limits_.continuations_max ||
      block_->size() + frame.payload.size() > limits_.block_bytes_max) {
    return Fail(ConnectionError(ErrorCode::kEnhanceYourCalm, "field block is too long"));
  }
  block_->append(frame.payload);
  if (!frame.header.Has(kFlagEndHeaders)) return;
  const std::unique_ptr<std::string> block = std::move(block_);  // freed: long blocks are rare
  EndBlock(*block);
}

// Whether `block` stands for the same section as the block that opened the stream before.
[[gnu::always_inline]] inline bool Session::IsRepeated(std::string_view block) const {
  return last_block_ != nullptr && last_block_->size != 0 &&
         last_block_->table_changes == decoder_.TableChanges() &&
         last_block_->ends_stream == block_ends_stream_ &&
         internal::Same({last_block_->bytes.data(), last_block_->size}, block);
}

// Keeps a decoded block for IsRepeated. A block that changes the table, or is too large, means
// something else each time.
void Session::NoteBlock(std::string_view block, const DecodedBlock& decoded,
                        uint32_t changes_before) {
  const bool repeatable = block.size() <= RepeatableBlock::kBytesMax && !decoded.violation &&
                          !decoded.too_large && decoder_.TableChanges() == changes_before;
  if (!repeatable) {
    if (last_block_ != nullptr) last_block_->size = 0;
    return;
  }
  if (last_block_ == nullptr) last_block_ = std::make_unique<RepeatableBlock>();
  last_block_->table_changes = changes_before;
  last_block_->section = {decoded.fields, decoded.list_bytes, false};
  last_block_->ends_stream = block_ends_stream_;
  last_block_->size = static_cast<uint32_t>(block.size());
  CopyShort(block, last_block_->bytes.data());
}

// Judges a block for a stream that does not exist. No violation where the block is ignored: this
// side has reset the stream.
Violation Session::JudgeStrayBlock() {
  if (IsIdle(block_stream_)) return ProtocolError("HEADERS on a stream that cannot be opened");
  const Recent* const recent = FindRecent(block_stream_);
  if (recent == nullptr) return ProtocolError("HEADERS with a skipped identifier");
  if (recent->reset) return {};
  return ConnectionError(ErrorCode::kStreamClosed, "HEADERS on a closed stream");
}

[[gnu::always_inline]] inline void Session::OpenPeerStream(FieldBuffer& fields,
                                                           const SectionSize& size) {
  const uint32_t id = block_stream_;
  if (refuses_streams_)
    return handler_->OnSectionDropped(fields);  // past the last stream of our
                                                // GOAWAY
  last_peer_stream_ = id;
  if (const ErrorCode code = WhyRefuseStream(size); code != ErrorCode::kNoError) {
    handler_->OnSectionDropped(fields);
    return ResetUnknown(id, code);
  }
  Stream& stream = handler_->NewStream();
  Begin(stream, id);
  Move(stream, StreamEvent::kRecvHeaders);
  if (early_priority_stream_ == id) stream.priority = early_priority_;
  stream.section_bytes_ = size.list_bytes;
  stream.section_fields_ = size.fields;
  sections_bytes_ += size.list_bytes;
  sections_fields_ += size.fields;
  if (block_ends_stream_) EndInput(stream);
  handler_->OnSection(stream, fields, {block_ends_stream_, false, size.too_large});
}

ErrorCode Session::WhyRefuseStream(const SectionSize& size) const {
  if (block_depends_on_itself_) return ErrorCode::kProtocolError;
  if (owned_ >= limits_.streams_max) return ErrorCode::kRefusedStream;
  if (sections_bytes_ + size.list_bytes > limits_.sections_bytes_max ||
      sections_fields_ + size.fields > limits_.sections_fields_max) {
    return ErrorCode::kEnhanceYourCalm;
  }
  return ErrorCode::kNoError;
}

// A whole field block.
HON_NO_CANARY void Session::EndBlock(std::string_view block) {
  const bool opens =
      role_ == Role::kServer && block_stream_ % 2 == 1 && block_stream_ > last_peer_stream_;
  FieldBuffer* const repeated = opens && IsRepeated(block) ? handler_->FieldsOfRepeated() : nullptr;
  if (repeated != nullptr && !repeated->lines.empty()) {
    OpenPeerStream(*repeated, last_block_->section);
  } else {
    DecodeBlock(block, opens, repeated);
  }
  block_stream_ = 0;
}

// Decodes a block into `fields`, where null stands for those of the block's stream. Decoded even if
// its stream is gone, since the table depends on it.
HON_NO_CANARY void Session::DecodeBlock(std::string_view block, bool opens, FieldBuffer* fields) {
  Stream* const stream = opens ? nullptr : streams_.Find(block_stream_);
  if (stream == nullptr && !opens) {
    if (const Violation violation = JudgeStrayBlock()) return Fail(violation);
  }
  if (fields == nullptr) fields = &handler_->FieldsFor(stream);
  fields->Reset();
  const uint32_t changes = decoder_.TableChanges();
  const DecodedBlock decoded = decoder_.Decode(block, limits_.fields, fields->arena, fields->lines);
  if (decoded.violation) Fail(decoded.violation);
  if (opens) NoteBlock(block, decoded, changes);
  if (failure_ || (stream == nullptr && !opens)) {
    if (stream == nullptr) handler_->OnSectionDropped(*fields);
  } else if (opens) {
    OpenPeerStream(*fields, {decoded.fields, decoded.list_bytes, decoded.too_large});
  } else {
    TakeSection(*stream, *fields, decoded);
  }
}

// A section on an open stream: an answer, or trailers.
void Session::TakeSection(Stream& stream, FieldBuffer& fields, const DecodedBlock& block) {
  if (stream.input_ended_) {
    return ResetForViolation(stream,
                             StreamError(ErrorCode::kStreamClosed, "HEADERS behind the end"));
  }
  if (block_depends_on_itself_) {
    return ResetForViolation(stream,
                             StreamError(ErrorCode::kProtocolError, "stream depends on itself"));
  }
  const bool answer = role_ == Role::kClient && !stream.final_headers_seen_;
  const bool informational = answer && !fields.lines.empty() &&
                             fields.lines.front().pseudo == PseudoField::kStatus &&
                             fields.lines.front().value.starts_with('1');
  if (!answer && (!block_ends_stream_ || stream.content_left_ > 0)) {
    return ResetForViolation(
        stream, StreamError(ErrorCode::kProtocolError, "trailers before the end of the body"));
  }
  if (answer && !informational) stream.final_headers_seen_ = true;
  Move(stream, StreamEvent::kRecvHeaders);
  if (block_ends_stream_) EndInput(stream);
  handler_->OnSection(stream, fields, {block_ends_stream_, !answer, block.too_large});
}

// The other frames.

// Priorities of RFC 7540 are ignored (RFC 9218 §2.1), but for the one rule that shows a broken
// peer.
void Session::HandlePriority(const Frame& frame) {
  if (!SpendControl()) return;
  if (ReadUint31(frame.payload.data()) != frame.header.stream) return;
  const Violation violation = StreamError(ErrorCode::kProtocolError, "stream depends on itself");
  Stream* const stream = streams_.Find(frame.header.stream);
  if (stream != nullptr) return ResetForViolation(*stream, violation);
  ResetUnknown(frame.header.stream, violation.code);
}

void Session::HandleRstStream(const Frame& frame) {
  if (IsIdle(frame.header.stream)) return Fail(ProtocolError("RST_STREAM on an idle stream"));
  Stream* const stream = streams_.Find(frame.header.stream);
  if (stream == nullptr) {
    // Behind its own RST_STREAM the peer sends nothing more, whoever reset the stream first.
    if (Recent* const recent = FindRecent(frame.header.stream)) recent->reset = false;
    SpendControl();
    return;
  }
  const auto code = static_cast<ErrorCode>(ReadUint32(frame.payload.data()));
  Move(*stream, StreamEvent::kRecvReset);
  Close(*stream, false);
  // A client keeps the whole answer of a server that stops reading the request (RFC 9113 §8.1).
  if (role_ == Role::kServer || code != ErrorCode::kNoError) DropInput(*stream);
  if (role_ == Role::kServer) SpendReset();
  handler_->OnReset(*stream, code, true);
}

void Session::HandleSettings(const Frame& frame) {
  if (frame.header.Has(kFlagAck)) {
    if (settings_unacknowledged_ == 0) return Fail(ProtocolError("unexpected SETTINGS ACK"));
    --settings_unacknowledged_;
    return;
  }
  settings_seen_ = true;
  // The change applies to each stream's window.
  if (!SpendControl(1 + static_cast<uint32_t>(streams_.Size() / 8))) return;
  const uint32_t window_before = peer_.initial_window_size;
  if (const Violation violation = ApplySettings(frame.payload, peer_)) return Fail(violation);
  if (role_ == Role::kClient && peer_.enable_push) {
    return Fail(ProtocolError("ENABLE_PUSH from a server"));  // RFC 9113 §6.5.2
  }
  encoder_.SetTableBytesMax(std::min<size_t>(peer_.header_table_size, limits_.encoder_table_bytes));
  const int64_t change = int64_t{peer_.initial_window_size} - window_before;
  bool overflow = false;
  if (change != 0) {
    streams_.ForEach([&](Stream& stream) {
      overflow |= !stream.send_.Grow(change);
      if (stream.send_.Available() == 0) ready_.Remove(stream);
      SendSoon(stream);
    });
  }
  if (overflow) {
    return Fail(ConnectionError(ErrorCode::kFlowControlError, "a window past 2^31-1 by SETTINGS"));
  }
  WriteSettingsAck(*out_);
  handler_->OnSettings();
}

void Session::HandlePing(const Frame& frame) {
  const uint64_t opaque =
      uint64_t{ReadUint32(frame.payload.data())} << 32 | ReadUint32(frame.payload.data() + 4);
  if (!SpendControl()) return;
  if (frame.header.Has(kFlagAck)) return handler_->OnPong(opaque);
  WritePing(*out_, opaque, true);
}

void Session::HandleGoAway(const Frame& frame) {
  if (!SpendControl()) return;
  goaway_received_ = true;
  handler_->OnGoAway(ReadUint31(frame.payload.data()),
                     static_cast<ErrorCode>(ReadUint32(frame.payload.data() + 4)));
}

void Session::HandleWindowUpdate(const Frame& frame) {
  if (updates_due_ != 0) {
    --updates_due_;
  } else if (!SpendControl()) {
    return;
  }
  const uint32_t id = frame.header.stream;
  const uint32_t increment = ReadUint31(frame.payload.data());
  if (id == 0) {
    if (increment == 0) return Fail(ProtocolError("WINDOW_UPDATE of 0"));
    if (send_.Grow(increment)) return;
    return Fail(ConnectionError(ErrorCode::kFlowControlError, "connection's window past 2^31-1"));
  }
  if (IsIdle(id)) return Fail(ProtocolError("WINDOW_UPDATE on an idle stream"));
  Stream* const stream = streams_.Find(id);
  if (stream == nullptr) {  // the stream had ended when the peer sent the frame
    if (increment == 0) ResetUnknown(id, ErrorCode::kProtocolError);
    return;
  }
  if (increment == 0) {
    return ResetForViolation(*stream, StreamError(ErrorCode::kProtocolError, "WINDOW_UPDATE of 0"));
  }
  if (!stream->send_.Grow(increment)) {
    return ResetForViolation(
        *stream, StreamError(ErrorCode::kFlowControlError, "stream's window past 2^31-1"));
  }
  SendSoon(*stream);
}

// RFC 9218 §7.1.
void Session::HandlePriorityUpdate(const Frame& frame) {
  if (role_ == Role::kClient) return Fail(ProtocolError("PRIORITY_UPDATE from a server"));
  if (!SpendControl()) return;
  const uint32_t id = ReadUint31(frame.payload.data());
  if (id == 0 || id % 2 == 0) return Fail(ProtocolError("PRIORITY_UPDATE for an invalid stream"));
  const Priority priority = ParsePriority(frame.payload.substr(4));
  if (Stream* const stream = streams_.Find(id)) return SetPriority(*stream, priority);
  if (!IsIdle(id)) return;
  if (id > last_peer_stream_ + 2 * uint64_t{limits_.streams_max}) {
    return Fail(ProtocolError("PRIORITY_UPDATE for a stream that cannot be opened yet"));
  }
  early_priority_stream_ = id;
  early_priority_ = priority;
}

}  // namespace hon::h2
