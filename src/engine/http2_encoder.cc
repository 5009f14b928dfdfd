#include "engine/http2_encoder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <type_traits>

#include "hon/adaptor/response_template.h"
#include "hon/base/assert.h"
#include "hon/base/flatten.h"
#include "hon/base/short_copy.h"

namespace hon::adaptor {

template class BasicResponse<engine::Http2Encoder>;

}  // namespace hon::adaptor

namespace hon::engine {
namespace {

using http::HeaderId;

// A copy of `work`, so that the variables which it captures stay in registers elsewhere.
template <class Work>
[[gnu::noinline]] void DoOnLoop(adaptor::ConnControl& control, Work work) {
  control.OnLoop([](void* argument) { (*static_cast<Work*>(argument))(); }, &work);
}

// The fields of a head that the server adds to those of the handler.
class AutomaticFields {
 public:
  explicit AutomaticFields(const adaptor::HeadPlan& plan) {
    if (!plan.date.empty()) Add(HeaderId::kDate, plan.date);
    if (plan.content_length >= 0) {
      const auto written =
          std::to_chars(digits_.data(), digits_.data() + digits_.size(), plan.content_length);
      Add(HeaderId::kContentLength,
          {digits_.data(), static_cast<size_t>(written.ptr - digits_.data())});
    }
    if (!plan.content_type.empty()) Add(HeaderId::kContentType, plan.content_type);
  }
  AutomaticFields(const AutomaticFields&) = delete;
  AutomaticFields& operator=(const AutomaticFields&) = delete;

  [[nodiscard]] std::span<const h2::Session::ExtraField> Get() const {
    return std::span(fields_.data(), count_);
  }

 private:
  void Add(HeaderId id, std::string_view value) { fields_[count_++] = {id, value}; }

  std::array<h2::Session::ExtraField, 3> fields_;
  std::array<char, 20> digits_;
  size_t count_ = 0;
};

}  // namespace

// Does `work` on the loop of the connection.
template <class Work>
[[gnu::always_inline]] inline void Http2Encoder::OnLoop(Work work) {
  if (control_ == home_) [[likely]]
    return work();
  DoOnLoop(*control_, work);
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
HON_NO_CANARY const adaptor::ResponseFacts& Http2Encoder::Commit(int status, bool tunnel,
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
        field.id == HeaderId::kUnknown ? CopyShort(field.name, text_) : http::HeaderName(field.id);
    head_.AddView(name, CopyShort(field.value, text_), field.id);
  }
  return facts_;
}

void Http2Encoder::SendHead(const adaptor::HeadPlan& plan, const adaptor::ConnControl&,
                            std::string_view body) {
  const bool has_body = plan.sends_body || facts_.tunnel;
  if (has_body) length_ = plan.length;
  const bool ends = !has_body || (length_ == 0 && !facts_.has_trailers);
  // A length that is not the handler's is that of `body`.
  const bool whole = !ends && plan.content_length >= 0 && plan.sends_body && !facts_.has_trailers;
  HON_ASSERT(!whole || plan.content_length == static_cast<int64_t>(body.size()));
  phase_ = ends || whole ? Phase::kEnded : Phase::kBody;
  if (!error_) {
    const AutomaticFields fields(plan);
    OnLoop([this, status = plan.status, extra = fields.Get(), body, ends, whole] {
      if (whole) [[likely]] {
        wire_->SendAnswer(status, extra, head_, body);
      } else {
        wire_->SendHead(status, extra, head_, ends);
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

// A worker's output has its own way to the loop.
size_t Http2Encoder::WaitingBytesMax() const {
  return control_ == home_ ? wire_->WaitingBytesMax() : io::kHighWaterBytes;
}

// Copies `data` into the stream's output, waiting for the peer where it is behind.
void Http2Encoder::Put(std::string_view data) {
  io::LinkBuffer& out = stream_->Out();
  while (!data.empty()) {
    Bound();
    if (error_) return;
    const size_t bytes_max = WaitingBytesMax();
    const size_t room = bytes_max - std::min(out.Len(), bytes_max - 1);
    const size_t part = std::min(data.size(), room);
    out.Write(data.substr(0, part));
    sent_ += static_cast<int64_t>(part);
    data.remove_prefix(part);
  }
}

void Http2Encoder::Bound() {
  const size_t bytes_max = WaitingBytesMax();
  if (stream_->Out().Len() < bytes_max || error_) return;
  // Down to the half, so that the next write does not wait again at once.
  error_ = stream_->DrainOutput(bytes_max / 2);
}

}  // namespace hon::engine
