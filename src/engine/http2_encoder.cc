#include "engine/http2_encoder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <type_traits>

#include "hon/adaptor/response_template.h"
#include "hon/base/assert.h"

namespace hon::adaptor {

template class BasicResponse<engine::Http2Encoder>;

}  // namespace hon::adaptor

namespace hon::engine {
namespace {

using http::HeaderId;

// Where waiting for the peer ends: half, so that the next write does not wait again at once.
constexpr size_t kStreamLowWaterBytes = io::kHighWaterBytes / 2;

}  // namespace

// Does `work` on the loop of the connection.
template <class Work>
void Http2Encoder::OnLoop(Work&& work) {
  if (control_ == home_) [[likely]]
    return work();
  control_->OnLoop([](void* argument) { (*static_cast<std::decay_t<Work>*>(argument))(); }, &work);
}

void Http2Encoder::SendInterim(int status, const http::Header& header) {
  HON_ASSERT(status >= 100 && status < 200);
  if (!error_) OnLoop([&] { wire_->SendHead(status, {}, header, false); });
}

// RFC 8441 §5: the answer is a 2xx, and the tunnel begins behind it.
void Http2Encoder::SendUpgrade(std::string_view, const http::Header& fields) {
  http::Header answer = fields.Clone();
  answer.Del(HeaderId::kContentLength);
  answer.Del(HeaderId::kTrailer);
  OnLoop([&] { wire_->SendHead(http::StatusOK, {}, answer, false); });
}

// A copy of the fields: the handler may change them until the head leaves.
const adaptor::ResponseFacts& Http2Encoder::Commit(int status, bool tunnel,
                                                   const http::Header& header) {
  facts_ = adaptor::GatherFacts(status, tunnel, header, trailer_names_);
  bool length_written = false;
  for (const http::Header::Field& field : header) {
    switch (field.id) {
      case HeaderId::kContentLength:
        // One field, whatever the handler added.
        if (facts_.content_length < 0 || length_written) continue;
        length_written = true;
        break;
      case HeaderId::kContentType:
        if (status == http::StatusNotModified) continue;
        break;
      default:
        break;
    }
    const std::string_view name =
        field.id == HeaderId::kUnknown ? text_.Copy(field.name) : http::HeaderName(field.id);
    head_.AddView(name, text_.Copy(field.value), field.id);
  }
  return facts_;
}

void Http2Encoder::SendHead(const adaptor::HeadPlan& plan, const adaptor::ConnControl&,
                            std::string_view body) {
  std::array<h2::Session::ExtraField, 3> extra;
  size_t count = 0;
  std::array<char, 20> digits;
  if (!plan.date.empty()) extra[count++] = {HeaderId::kDate, plan.date};
  if (plan.content_length >= 0) {
    const auto written =
        std::to_chars(digits.data(), digits.data() + digits.size(), plan.content_length);
    extra[count++] = {HeaderId::kContentLength,
                      {digits.data(), static_cast<size_t>(written.ptr - digits.data())}};
  }
  if (!plan.content_type.empty()) extra[count++] = {HeaderId::kContentType, plan.content_type};
  const bool has_body = plan.sends_body || facts_.tunnel;
  if (has_body) length_ = plan.length;
  const bool ends = !has_body || (length_ == 0 && !facts_.has_trailers);
  // A length that is not the handler's is that of `body`.
  const bool whole = !ends && plan.content_length >= 0 && plan.sends_body && !facts_.has_trailers;
  HON_ASSERT(!whole || plan.content_length == static_cast<int64_t>(body.size()));
  phase_ = ends || whole ? Phase::kEnded : Phase::kBody;
  if (!error_) {
    OnLoop([&] {
      const std::span<const h2::Session::ExtraField> fields(extra.data(), count);
      if (whole) [[likely]] {
        wire_->SendAnswer(plan.status, fields, head_, body);
      } else {
        wire_->SendHead(plan.status, fields, head_, ends);
      }
      if (facts_.lists_close) [[unlikely]]
        wire_->EndConnection();
    });
  }
  if (phase_ == Phase::kBody) Put(body);
}

void Http2Encoder::SendData(std::string_view first, std::string_view second) {
  if (phase_ != Phase::kBody || error_ || first.size() + second.size() == 0) return;
  Put(first);
  Put(second);
  Bound();
}

void Http2Encoder::SendBlock(io::Block& block, size_t size) {
  HON_ASSERT(phase_ == Phase::kBody && size <= block.capacity);
  if (error_) return;
  block.begin = 0;
  block.end = static_cast<uint32_t>(size);
  io::BlockPool::Ref(&block);
  stream_->Out().Append(&block);
  sent_ += static_cast<int64_t>(size);
  Bound();
}

void Http2Encoder::SendBlocks(io::LinkBuffer& part) {
  HON_ASSERT(phase_ == Phase::kBody);
  if (error_) return part.Clear();
  sent_ += static_cast<int64_t>(part.Len());
  stream_->Out().Append(std::move(part));
  Bound();
}

int64_t Http2Encoder::SendFile(io::File& file, int64_t offset, int64_t count) {
  HON_ASSERT(phase_ == Phase::kBody && count > 0);
  if (error_) return 0;
  io::CopyResult sent = stream_->SendFile(file, offset, count);
  sent_ += sent.n;
  error_ = sent.n < count && !sent.err ? Error(io::ErrUnexpectedEof) : std::move(sent.err);
  return sent.n;
}

void Http2Encoder::End(const http::Header& header) {
  if (phase_ != Phase::kBody || error_ || broken_) return;
  if (length_ >= 0 && sent_ != length_) return Break();
  phase_ = Phase::kEnded;
  if (facts_.has_trailers || adaptor::HasLateTrailers(header)) {
    http::Header trailers;
    adaptor::FindTrailers(header, trailer_names_, trailers);
    if (!trailers.Empty()) return OnLoop([&] { wire_->SendTrailers(trailers); });
  }
  OnLoop([&] { wire_->SendEnd(); });
}

// Copies `data` into the stream's output, waiting for the peer where it is behind.
void Http2Encoder::Put(std::string_view data) {
  io::LinkBuffer& out = stream_->Out();
  while (!data.empty()) {
    Bound();
    if (error_) return;
    const size_t room = io::kHighWaterBytes - std::min(out.Len(), io::kHighWaterBytes - 1);
    const size_t part = std::min(data.size(), room);
    out.Write(data.substr(0, part));
    sent_ += static_cast<int64_t>(part);
    data.remove_prefix(part);
  }
}

void Http2Encoder::Bound() {
  if (stream_->Out().Len() < io::kHighWaterBytes || error_) return;
  error_ = stream_->DrainOutput(kStreamLowWaterBytes);
}

}  // namespace hon::engine
