#include "hon/adaptor/http1_encoder.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "adaptor/detached_body.h"
#include "adaptor/sorted_fields.h"
#include "hon/base/assert.h"
#include "hon/base/short_copy.h"
#include "hon/http/status.h"

namespace hon::adaptor {
namespace {

// The level down to which a writer waits for the peer: half, so that the next write does not wait
// again at once.
constexpr size_t kLowWaterBytes = io::kHighWaterBytes / 2;

constexpr std::string_view kCrlf = "\r\n";

// Fields that frame a message or concern the connection (RFC 9110 §7.6.1), and Content-Type, as a
// 101 has no content (§6.4.1).
constexpr std::string_view kOwnFieldsOfUpgrade[] = {
    "Connection",     "Upgrade", "Keep-Alive",        "Proxy-Connection",
    "Content-Length", "Trailer", "Transfer-Encoding", "Content-Type"};

// Copies the head of a chunk of `size` bytes to `into` and returns the end of the copy. Apart, so
// that the frame of an answer's last step holds no array.
[[gnu::noinline]] char* CopyChunkHead(size_t size, char* into) {
  const ChunkHead head(size);
  return std::copy(head.Text().begin(), head.Text().end(), into);
}

}  // namespace

void Http1Encoder::SendInterim(int status, const http::Header& header) {
  HON_ASSERT(status >= 100 && status < 200);
  head_.Commit(status, false, header);
  io::LinkBuffer& out = stream_->Out();
  char* const begin = out.Malloc(head_.SizeMax({}));
  out.MallocAck(static_cast<size_t>(head_.Append({}, begin) - begin));
}

std::string Http1Encoder::UpgradeHead(std::string_view protocol, const http::Header& fields) {
  http::Header answer = fields.Clone();
  for (const std::string_view name : kOwnFieldsOfUpgrade) answer.Del(name);
  answer.Set("Connection", "Upgrade");
  answer.Set("Upgrade", protocol);
  head_.Commit(http::StatusSwitchingProtocols, false, answer);
  std::string text(head_.SizeMax({}), '\0');
  text.resize(static_cast<size_t>(head_.Append({}, text.data()) - text.data()));
  return text;
}

// RFC 9112 §6.3, from the sender's side.
inline void Http1Encoder::DecideCoding(const HeadPlan& plan, AutomaticFields& fields) {
  const ResponseFacts& facts = head_.GetFacts();
  if (!plan.sends_body && !facts.tunnel) {
    coding_ = Coding::kNone;
  } else if (plan.length >= 0) {
    coding_ = Coding::kLength;
  } else if (options_->http10 || facts.coding == GivenCoding::kIdentity || facts.tunnel) {
    coding_ = Coding::kUntilClose;
    close_ = true;
  } else {
    coding_ = Coding::kChunked;
    fields.chunked = true;
  }
}

// RFC 9112 §9.3, §9.6.
inline void Http1Encoder::DecideConnection(const HeadPlan& plan, const ConnControl& control,
                                           AutomaticFields& fields) {
  const ResponseHead::Facts& facts = head_.GetFacts();
  const BodyReader* body = options_->body;
  const bool keep_alive = control.KeepAlive();
  if (facts.lists_close || !keep_alive) close_ = true;
  if (body != nullptr && !body->AtEnd() &&
      (body->Failed() || body->ContinueWithheld() ||
       (!plan.full_duplex && body->TooMuch(kUnreadBodyBytesMax)))) {
    close_ = true;
  }
  if (!close_) {
    // A body without a length ends the connection and never comes here.
    if (options_->http10 && !facts.has_connection) fields.connection = ConnectionField::kKeepAlive;
    return;
  }
  const bool says_so = facts.lists_close && keep_alive;
  const bool switches =
      facts.tunnel || (plan.status == http::StatusSwitchingProtocols && facts.lists_upgrade);
  if (says_so || switches) return;
  fields.connection = options_->http10 ? ConnectionField::kNone : ConnectionField::kClose;
}

void Http1Encoder::SendHead(const HeadPlan& plan, const ConnControl& control,
                            std::string_view body) {
  AutomaticFields fields;
  fields.date = plan.date;
  fields.content_type = plan.content_type;
  fields.content_length = plan.content_length;
  DecideCoding(plan, fields);
  DecideConnection(plan, control, fields);
  if (coding_ == Coding::kNone) body = {};
  io::LinkBuffer& out = stream_->Out();
  char* const begin = out.Malloc(head_.SizeMax(fields) + kChunkHeadBytesMax + body.size() + 2);
  char* at = head_.Append(fields, begin);
  if (!body.empty()) {
    if (coding_ == Coding::kChunked) at = CopyChunkHead(body.size(), at);
    at = CopyShort(body, at);
    if (coding_ == Coding::kChunked) {
      *at++ = '\r';
      *at++ = '\n';
    }
  }
  out.MallocAck(static_cast<size_t>(at - begin));
}

Error Http1Encoder::Lend(ConnControl& control, io::ConnSink& sink) const {
  const BodyFraming framing =
      coding_ == Coding::kChunked ? BodyFraming::kChunked : BodyFraming::kUntilClose;
  auto body = std::make_unique<DetachedBody>(framing, sink);
  HON_RETURN_IF_ERROR(control.Lend(*body, !close_));
  static_cast<void>(body.release());  // OnOpen has given it to the sink
  return {};
}

void Http1Encoder::SendData(std::string_view first, std::string_view second) {
  const size_t size = first.size() + second.size();
  if (size == 0 || coding_ == Coding::kNone || error_) return;
  if (coding_ == Coding::kChunked) PutChunkHead(size);
  Put(first);
  Put(second);
  if (coding_ == Coding::kChunked) Put(kCrlf);
  Bound();
}

void Http1Encoder::SendBlock(io::Block& block, size_t size) {
  HON_ASSERT(coding_ != Coding::kNone && size <= block.capacity - kRoomBefore - kRoomBehind);
  if (error_) return;
  char* const data = block.data + kRoomBefore;
  const char* begin = data;
  size_t end = kRoomBefore + size;
  if (coding_ == Coding::kChunked) {
    begin = FormatChunkHeadBackward(size, data);
    std::memcpy(data + size, kCrlf.data(), kCrlf.size());
    end += kCrlf.size();
  }
  block.begin = static_cast<uint32_t>(begin - block.data);
  block.end = static_cast<uint32_t>(end);
  io::BlockPool::Ref(&block);
  stream_->Out().Append(&block);
  Bound();
}

void Http1Encoder::SendBlocks(io::LinkBuffer& part) {
  HON_ASSERT(coding_ != Coding::kNone && !part.Empty());
  if (coding_ == Coding::kChunked) PutChunkHead(part.Len());
  if (error_) return part.Clear();
  stream_->Out().Append(std::move(part));
  if (coding_ == Coding::kChunked) Put(kCrlf);
  Bound();
}

int64_t Http1Encoder::SendFile(io::File& file, int64_t offset, int64_t count) {
  HON_ASSERT(coding_ != Coding::kNone && count > 0);
  if (coding_ == Coding::kChunked) PutChunkHead(static_cast<size_t>(count));
  if (error_) return 0;
  io::CopyResult sent = stream_->SendFile(file, offset, count);
  error_ = sent.n < count && !sent.err ? Error(io::ErrUnexpectedEof) : std::move(sent.err);
  if (coding_ == Coding::kChunked && !error_) Put(kCrlf);
  return sent.n;
}

void Http1Encoder::End(const http::Header& header) {
  if (coding_ == Coding::kChunked && !error_) EndChunks(header);
  if (error_) [[unlikely]]
    close_ = true;
}

[[gnu::noinline]] void Http1Encoder::EndChunks(const http::Header& header) {
  Put("0\r\n");
  if (head_.GetFacts().has_trailers || HasLateTrailers(header)) PutTrailers(header);
  Put(kCrlf);
}

// Sorted by name, as Go writes them.
void Http1Encoder::PutTrailers(const http::Header& header) {
  http::Header trailers;
  FindTrailers(header, head_.TrailerNames(), trailers);
  internal::ForEachSorted(trailers, [this](const http::Header::Field& field) {
    Put(field.name);
    Put(": ");
    Put(field.value);
    Put(kCrlf);
  });
}

void Http1Encoder::PutChunkHead(size_t size) { Put(ChunkHead(size).Text()); }

// Copies `data` into the output, waiting for the peer where necessary.
void Http1Encoder::Put(std::string_view data) {
  io::LinkBuffer& out = stream_->Out();
  while (!data.empty()) {
    Bound();
    if (error_) return;
    const size_t room = io::kHighWaterBytes - std::min(out.Len(), io::kHighWaterBytes - 1);
    const size_t part = std::min(data.size(), room);
    out.Write(data.substr(0, part));
    data.remove_prefix(part);
  }
}

void Http1Encoder::Bound() {
  if (stream_->Out().Len() < io::kHighWaterBytes || error_) return;
  error_ = stream_->DrainOutput(kLowWaterBytes);
}

}  // namespace hon::adaptor
