// Writing of frames.

#include <algorithm>
#include <cstring>

#include "h2/short_text.h"
#include "hon/base/assert.h"
#include "hon/base/flatten.h"
#include "hon/base/short_copy.h"
#include "hon/h2/session.h"

namespace hon::h2 {
namespace {

// Payload of a DATA frame: the SETTINGS_MAX_FRAME_SIZE that every peer accepts. Frames stay that
// small for a peer that accepts larger ones too, so that streams take turns.
constexpr size_t kDataBytesMax = kFrameBytesMin;
constexpr size_t kSharedOutputFromBytes = 4096;  // fewer bytes are copied behind the frame's header
constexpr size_t kKnownNameBytesMax = 32;        // of a name that has a HeaderId
constexpr uint32_t kCreditPerDataFrame = 2;
// A peer may send updates of both windows for each few KiB that its reader takes.
constexpr size_t kBytesPerUpdate = 1024;
// The last DATA of a stream does not wait for Produce while no more than this is unsent.
constexpr size_t kDirectBytesMax = 64 * 1024;

// Of so many heads that are encoded, one is kept for those behind it that are the same.
constexpr uint8_t kHeadsForOneNote = 4;

using http::HeaderId;

constexpr uint64_t FieldBit(HeaderId id) { return uint64_t{1} << static_cast<unsigned>(id); }
// RFC 9113 §8.2.2; Host is sent as a pseudo-header field.
constexpr uint64_t kNeverSent = FieldBit(HeaderId::kConnection) | FieldBit(HeaderId::kKeepAlive) |
                                FieldBit(HeaderId::kProxyConnection) |
                                FieldBit(HeaderId::kTransferEncoding) |
                                FieldBit(HeaderId::kUpgrade) | FieldBit(HeaderId::kHost);

bool IsSent(const http::Header::Field& field) {
  if (field.id == HeaderId::kUnknown) return !field.name.starts_with(http::TrailerPrefix);
  return (kNeverSent & FieldBit(field.id)) == 0;
}

size_t BytesMax(const http::Header& header) {
  size_t bytes = 0;
  for (const http::Header::Field& field : header) {
    bytes += HpackEncoder::FieldBytesMax(field.name.size(), field.value.size());
  }
  return bytes;
}

[[gnu::always_inline]] inline char* WriteFields(HpackEncoder& encoder, char* to,
                                                const http::Header& header) {
  for (const http::Header::Field& field : header) {
    if (IsSent(field)) to = encoder.WriteField(to, field.name, field.value, field.id);
  }
  return to;
}

}  // namespace

// Encodes a section directly into `out_` where one frame certainly holds it.
template <class Encode>
void Session::WriteSection(uint32_t stream, size_t bytes_max, bool end_stream, Encode&& encode) {
  bytes_max += HpackEncoder::kBlockOverheadBytes;
  if (kFrameHeaderBytes + bytes_max > io::kBlockBytes) {
    std::string block(bytes_max, '\0');
    const char* const end = encode(encoder_.Begin(block.data()));
    block.resize(static_cast<size_t>(end - block.data()));
    return WriteBlock(stream, block, end_stream);
  }
  char* const frame = out_->Malloc(kFrameHeaderBytes + bytes_max);
  char* const begin = frame + kFrameHeaderBytes;
  const char* const end = encode(encoder_.Begin(begin));
  const auto size = static_cast<uint32_t>(end - begin);
  HON_ASSERT(size <= bytes_max);
  WriteFrameHeader(
      frame, {size, FrameType::kHeaders,
              static_cast<uint8_t>(kFlagEndHeaders | (end_stream ? kFlagEndStream : 0)), stream});
  out_->MallocAck(kFrameHeaderBytes + size);
}

// Writes a block in as many frames as it needs.
void Session::WriteBlock(uint32_t stream, std::string_view block, bool end_stream) {
  FrameHeader header{0, FrameType::kHeaders, end_stream ? kFlagEndStream : uint8_t{0}, stream};
  do {
    const std::string_view fragment = block.substr(0, kFrameBytesMin);
    block.remove_prefix(fragment.size());
    header.length = static_cast<uint32_t>(fragment.size());
    if (block.empty()) header.flags |= kFlagEndHeaders;
    WriteFrameHeader(*out_, header);
    out_->Write(fragment);
    header = {0, FrameType::kContinuation, 0, stream};
  } while (!block.empty());
}

// Encodes the head of an answer.
[[gnu::noinline]] void Session::EncodeHead(uint32_t stream, int status,
                                           std::span<const ExtraField> extra,
                                           const http::Header& header, bool end_stream) {
  size_t bytes_max = HpackEncoder::FieldBytesMax(sizeof(":status"), 3) + BytesMax(header);
  for (const ExtraField& field : extra) {
    bytes_max += HpackEncoder::FieldBytesMax(kKnownNameBytesMax, field.value.size());
  }
  // Heads that differ each time are not worth their copies.
  const bool noted = heads_encoded_++ % kHeadsForOneNote == 0;
  const uint32_t changes = encoder_.TableChanges();
  WriteSection(stream, bytes_max, end_stream, [&](char* begin) {
    char* to = encoder_.WriteStatus(begin, status);
    for (const ExtraField& field : extra) {
      to = encoder_.WriteField(to, field.id, field.value);
    }
    to = WriteFields(encoder_, to, header);
    if (noted && encoder_.TableChanges() == changes) {
      NoteHead(status, extra, header, {begin, static_cast<size_t>(to - begin)});
    }
    return to;
  });
}

// Whether the last noted head has these fields, and its block still stands for them. Apart, as its
// loops need all registers.
[[gnu::noinline]] HON_NO_CANARY bool Session::IsHeadOfLast(int status,
                                                           std::span<const ExtraField> extra,
                                                           const http::Header& header) const {
  const RepeatableHead* const last = last_head_.get();
  if (last == nullptr || last->status != status || last->table_changes != encoder_.TableChanges() ||
      last->fields != extra.size() + header.Len()) {
    return false;
  }
  const RepeatableHead::Field* at = last->field.data();
  const char* value = last->values.data();
  const auto is_next = [&](HeaderId id, std::string_view text) __attribute__((always_inline)) {
    if (at->id != id || !internal::Same({value, at->value_bytes}, text)) return false;
    value += at->value_bytes;
    ++at;
    return true;
  };
  for (const ExtraField& field : extra) {
    if (!is_next(field.id, field.value)) return false;
  }
  for (const http::Header::Field& field : header) {
    if (!is_next(field.id, field.value)) return false;
  }
  return true;
}

// Keeps a head for IsHeadOfLast, where it is short and has no names beyond HeaderId's.
void Session::NoteHead(int status, std::span<const ExtraField> extra, const http::Header& header,
                       std::string_view block) {
  if (last_head_ == nullptr) last_head_ = std::make_unique<RepeatableHead>();
  RepeatableHead& head = *last_head_;
  head.status = 0;
  if (extra.size() + header.Len() > RepeatableHead::kFieldsMax ||
      block.size() > RepeatableHead::kBlockBytesMax) {
    return;
  }
  head.fields = 0;
  size_t bytes = 0;
  const auto add = [&](HeaderId id, std::string_view value) {
    if (id == HeaderId::kUnknown || bytes + value.size() > head.values.size()) return false;
    head.field[head.fields++] = {id, static_cast<uint8_t>(value.size())};
    CopyShort(value, head.values.data() + bytes);
    bytes += value.size();
    return true;
  };
  for (const ExtraField& field : extra) {
    if (!add(field.id, field.value)) return;
  }
  for (const http::Header::Field& field : header) {
    if (!add(field.id, field.value)) return;
  }
  CopyShort(block, head.block.data());
  head.block_bytes = static_cast<uint8_t>(block.size());
  head.table_changes = encoder_.TableChanges();
  head.status = status;
}

// Writes the frame of the last noted head to `to`, which has room for kFrameBytesMax, and returns
// the frame's end.
[[gnu::always_inline]] inline char* Session::CopyHeadOfLast(char* to, uint32_t stream,
                                                            bool end_stream) const {
  const RepeatableHead& last = *last_head_;
  WriteFrameHeader(
      to, {last.block_bytes, FrameType::kHeaders,
           static_cast<uint8_t>(kFlagEndHeaders | (end_stream ? kFlagEndStream : 0)), stream});
  to += kFrameHeaderBytes;
  std::memcpy(to, last.block.data(), last.block.size());  // of a fixed size: a few moves
  return to + last.block_bytes;
}

HON_NO_CANARY void Session::SendResponse(Stream& stream, int status,
                                         std::span<const ExtraField> extra,
                                         const http::Header& header, bool end_stream) {
  if (stream.state_ == StreamState::kClosed || failure_) return;
  Move(stream, StreamEvent::kSendHeaders);
  if (IsHeadOfLast(status, extra, header)) {
    char* const begin = out_->Malloc(RepeatableHead::kFrameBytesMax);
    const char* const end = CopyHeadOfLast(begin, stream.id_, end_stream);
    out_->MallocAck(static_cast<size_t>(end - begin));
  } else {
    EncodeHead(stream.id_, status, extra, header, end_stream);
  }
  if (end_stream) EndOutput(stream);
}

// A frame with `bytes` of DATA is sent: the peer's windows shrink, the peer earns credit, and may
// send the WINDOW_UPDATEs that the DATA explains.
inline void Session::AccountData(Stream& stream, size_t bytes) {
  Move(stream, StreamEvent::kSendData);
  stream.send_.Consume(bytes);
  send_.Consume(bytes);
  control_.Earn(kCreditPerDataFrame);
  updates_due_ =
      std::min(updates_due_ + static_cast<uint32_t>(bytes / kBytesPerUpdate + 1), kUpdatesDueMax);
}

// Whether the last DATA of a stream goes into one frame now.
inline bool Session::MayGoNow(const Stream& stream, size_t bytes) const {
  // A short answer goes before streams that are no more urgent.
  const bool first = ready_.Empty() || (bytes < kSharedOutputFromBytes &&
                                        stream.priority.urgency <= ready_.Front().priority.urgency);
  return first && bytes <= kDataBytesMax && bytes <= stream.send_.Available() &&
         bytes <= send_.Available() && out_->Len() <= kDirectBytesMax;
}

// With a head that differs from the last noted one, or behind other output.
[[gnu::noinline]] void Session::SendAnswerInParts(Stream& stream, int status,
                                                  std::span<const ExtraField> extra,
                                                  const http::Header& header,
                                                  std::string_view body) {
  Move(stream, StreamEvent::kSendHeaders);
  EncodeHead(stream.id_, status, extra, header, false);
  if (body.empty() || !stream.out_.Empty() || !MayGoNow(stream, body.size())) {
    stream.out_.Write(body);
    return SendEnd(stream);
  }
  char* const to = out_->Malloc(kFrameHeaderBytes + body.size());
  WriteFrameHeader(
      to, {static_cast<uint32_t>(body.size()), FrameType::kData, kFlagEndStream, stream.id_});
  std::memcpy(to + kFrameHeaderBytes, body.data(), body.size());
  out_->MallocAck(kFrameHeaderBytes + body.size());
  AccountData(stream, body.size());
  EndOutput(stream);
}

HON_NO_CANARY void Session::SendAnswer(Stream& stream, int status,
                                       std::span<const ExtraField> extra,
                                       const http::Header& header, std::string_view body) {
  if (stream.state_ == StreamState::kClosed || failure_) return;
  if (body.empty() || !stream.out_.Empty() || !MayGoNow(stream, body.size()) ||
      !IsHeadOfLast(status, extra, header)) {
    return SendAnswerInParts(stream, status, extra, header, body);
  }
  Move(stream, StreamEvent::kSendHeaders);
  char* const begin =
      out_->Malloc(RepeatableHead::kFrameBytesMax + kFrameHeaderBytes + body.size());
  char* to = CopyHeadOfLast(begin, stream.id_, false);
  WriteFrameHeader(
      to, {static_cast<uint32_t>(body.size()), FrameType::kData, kFlagEndStream, stream.id_});
  to = CopyShort(body, to + kFrameHeaderBytes);
  out_->MallocAck(static_cast<size_t>(to - begin));
  AccountData(stream, body.size());
  EndOutput(stream);
}

bool Session::SendRequest(Stream& stream, const RequestHead& head, const http::Header& header,
                          bool end_stream) {
  HON_ASSERT(role_ == Role::kClient);
  if (!MayOpen()) return false;
  Begin(stream, next_stream_);
  next_stream_ += 2;
  Move(stream, StreamEvent::kSendHeaders);
  const size_t bytes_max = 5 * HpackEncoder::FieldBytesMax(sizeof(":authority"), 0) +
                           head.method.size() + head.scheme.size() + head.authority.size() +
                           head.path.size() + head.protocol.size() + BytesMax(header);
  WriteSection(stream.id_, bytes_max, end_stream, [&](char* to) {
    const auto write = [&](PseudoField pseudo, std::string_view value) {
      if (!value.empty()) to = encoder_.WritePseudo(to, pseudo, value);
    };
    write(PseudoField::kMethod, head.method);
    write(PseudoField::kProtocol, head.protocol);
    write(PseudoField::kScheme, head.scheme);
    write(PseudoField::kAuthority, head.authority);
    write(PseudoField::kPath, head.path);
    return WriteFields(encoder_, to, header);
  });
  if (end_stream) EndOutput(stream);
  return true;
}

void Session::SendSoon(Stream& stream) {
  // Nothing follows END_STREAM, whatever the owner has put into Out() since.
  static_assert(StreamState::kHalfClosedLocal < StreamState::kClosed);
  if (stream.state_ >= StreamState::kHalfClosedLocal || stream.out_.Empty() || failure_) return;
  if (stream.send_.Available() != 0) ready_.Push(stream);
}

void Session::SendEnd(Stream& stream) {
  if (stream.state_ == StreamState::kClosed || stream.end_wanted_ || failure_) return;
  stream.end_wanted_ = true;
  const size_t size = stream.out_.Len();
  if (size != 0) {
    return MayGoNow(stream, size) ? SendDataOf(stream) : SendSoon(stream);
  }
  WriteFrameHeader(*out_, {0, FrameType::kData, kFlagEndStream, stream.id_});
  EndOutput(stream);
}

void Session::SendTrailers(Stream& stream, const http::Header& trailers) {
  if (stream.state_ == StreamState::kClosed || stream.end_wanted_ || failure_) return;
  stream.end_wanted_ = true;
  stream.trailers_ = std::make_unique<http::Header>(trailers.Clone());
  if (!stream.out_.Empty()) return SendSoon(stream);
  WriteTrailers(stream);
}

void Session::WriteTrailers(Stream& stream) {
  const std::unique_ptr<http::Header> trailers = std::move(stream.trailers_);
  Move(stream, StreamEvent::kSendHeaders);
  WriteSection(stream.id_, BytesMax(*trailers), true,
               [&](char* to) { return WriteFields(encoder_, to, *trailers); });
  EndOutput(stream);
}

// END_STREAM is in `out_`.
void Session::EndOutput(Stream& stream) {
  stream.end_wanted_ = true;
  Move(stream, StreamEvent::kSendEndStream);
  resets_.Earn(1);
  if (stream.state_ == StreamState::kClosed) Close(stream, false);
  handler_->OnSent(stream);
}

bool Session::Produce(size_t out_bytes_max) {
  if (failure_) return false;
  bool full = false;
  while (!full && !ready_.Empty() && send_.Available() != 0) {
    full = out_->Len() >= out_bytes_max;
    if (!full) SendDataOf(Stream::Of(ready_.Front()));
  }
  if (!full) headers_.Reset();
  return full;
}

// A frame's header in front of blocks that are sent as they are. A block for its nine bytes alone
// would take as much memory as the DATA: the headers of frames that follow each other share one.
void Session::AppendSharedHeader(const FrameHeader& header) {
  if (headers_.Get() == nullptr || headers_.Get()->Room() < kFrameHeaderBytes) {
    io::Block* const block = out_->Pool().Get();
    headers_ = io::BlockRef(block);
    io::BlockPool::Unref(block);
  }
  io::Block& block = *headers_.Get();
  char* const at = block.data + block.end;
  WriteFrameHeader(at, header);
  block.end += kFrameHeaderBytes;
  out_->Append(out_->Pool().GetSlice(&block, at, kFrameHeaderBytes));
}

// Writes a DATA frame of the first stream in the queue.
void Session::SendDataOf(Stream& stream) {
  const size_t size =
      std::min({stream.out_.Len(), stream.send_.Available(), send_.Available(), kDataBytesMax});
  HON_ASSERT(size != 0);
  const bool last = size == stream.out_.Len();
  const bool ends = last && stream.end_wanted_ && stream.trailers_ == nullptr;
  const FrameHeader header{static_cast<uint32_t>(size), FrameType::kData,
                           ends ? kFlagEndStream : uint8_t{0}, stream.id_};
  AccountData(stream, size);
  if (size >= kSharedOutputFromBytes) {
    AppendSharedHeader(header);
    Result<io::LinkBuffer> part = stream.out_.Slice(size);
    HON_ASSERT(part.has_value());
    out_->Append(std::move(*part));
  } else {
    char* to = out_->Malloc(kFrameHeaderBytes + size);
    WriteFrameHeader(to, header);
    const size_t copied = stream.out_.ReadInto({to + kFrameHeaderBytes, size});
    HON_ASSERT(copied == size);
    out_->MallocAck(kFrameHeaderBytes + size);
  }
  if (last || stream.send_.Available() == 0) {
    ready_.Remove(stream);  // no change for a stream that was not in it
  } else {
    ready_.Rotate();
  }
  if (ends) return EndOutput(stream);
  if (last && stream.trailers_ != nullptr) return WriteTrailers(stream);
  handler_->OnFramed(stream);
}

}  // namespace hon::h2
