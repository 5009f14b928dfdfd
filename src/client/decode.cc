#include "client/decode.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

#include "hon/client/transport.h"
#include "hon/http/client_error.h"
#include "http/token.h"

namespace hon::client {
namespace {

class GzipDecoder final : public Decoder {
 public:
  ~GzipDecoder() override {
    if (begun_) inflateEnd(&stream_);
  }

  Step Decode(std::string_view in, std::span<char> into) override {
    if (in.empty() && !in_member_) return {};
    if (!in_member_ && !BeginMember()) return {.failed = true};
    // zlib reads next_in only.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(into.data());
    const auto room = static_cast<uInt>(std::min<size_t>(into.size(), size_t{1} << 30));
    stream_.avail_out = room;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code == Z_STREAM_END) in_member_ = false;
    return {.consumed = in.size() - stream_.avail_in,
            .produced = room - stream_.avail_out,
            .failed = code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END};
  }
  [[nodiscard]] bool MayEnd() const override { return !in_member_; }

 private:
  bool BeginMember() {
    constexpr int kGzipOnly = 16;
    const int code =
        begun_ ? inflateReset(&stream_) : inflateInit2(&stream_, MAX_WBITS | kGzipOnly);
    in_member_ = code == Z_OK;
    begun_ = begun_ || in_member_;
    return in_member_;
  }

  z_stream stream_ = {};
  bool begun_ = false;
  bool in_member_ = false;
};

/// A coded Body, decoded within the limits of the Transport.
class DecodedBody final : public http::BodySource {
 public:
  DecodedBody(http::Body coded, std::string_view coding, std::unique_ptr<Decoder> decoder)
      : coded_(std::move(coded)), coding_(coding), decoder_(std::move(decoder)) {}

  io::IoResult Read(std::span<char> into) override {
    if (into.empty()) return {};
    while (!end_) {
      if (pending_.empty() && !may_have_more_ && !FillCoded()) break;
      const Decoder::Step step = decoder_->Decode(pending_, into);
      pending_.remove_prefix(step.consumed);
      may_have_more_ = step.produced == into.size();
      decoded_bytes_ += step.produced;
      if (step.failed || (step.consumed == 0 && step.produced == 0 && !pending_.empty())) {
        end_ = Error::Of(http::ErrMalformedResponse, coding_ + ": invalid data");
      } else if (decoded_bytes_ > kDecodedFreeBytes &&
                 decoded_bytes_ / kDecodedRatioMax > coded_bytes_) {
        end_ = http::ErrDecodedTooLong;
      } else if (step.produced != 0) {
        return {step.produced, {}};
      }
    }
    return {0, end_};
  }

  Error Close() override {
    end_ = http::ErrBodyReadAfterClose;
    return coded_.Close();
  }

 private:
  // Returns false at the end of the coded body.
  bool FillCoded() {
    const io::IoResult got = coded_.Read(buffer_);
    coded_bytes_ += got.n;
    pending_ = {buffer_.data(), got.n};
    if (got.n != 0) return true;
    end_ = got.err.Is(io::ErrEof) && !decoder_->MayEnd() ? Error(io::ErrUnexpectedEof) : got.err;
    return false;
  }

  http::Body coded_;
  std::string coding_;
  std::unique_ptr<Decoder> decoder_;
  size_t coded_bytes_ = 0;
  size_t decoded_bytes_ = 0;
  bool may_have_more_ = false;  // the decoder may hold output
  Error end_;
  std::string_view pending_;  // of buffer_
  std::array<char, 8 * 1024> buffer_;
};

std::unique_ptr<Decoder> DecoderOf(std::string_view coding) {
  using http::internal::EqualFold;
  if (EqualFold(coding, "gzip")) return NewGzipDecoder();
  if (EqualFold(coding, "br")) return NewBrotliDecoder();
  if (EqualFold(coding, "zstd")) return NewZstdDecoder();
  return nullptr;
}

}  // namespace

std::unique_ptr<Decoder> NewGzipDecoder() { return std::make_unique<GzipDecoder>(); }

const std::string& AcceptedCodings() {
  static const std::string codings = [] {
    std::string all = "gzip";
    if (NewBrotliDecoder() != nullptr) all += ", br";
    if (NewZstdDecoder() != nullptr) all += ", zstd";
    return all;
  }();
  return codings;
}

void DecodeBody(http::Response& answer) {
  if (answer.Body.IsNoBody()) return;
  const std::string_view coding = answer.Header.Get(http::HeaderId::kContentEncoding);
  if (coding.empty()) return;
  std::unique_ptr<Decoder> decoder = DecoderOf(coding);
  if (decoder == nullptr) return;
  answer.Body =
      http::Body(std::make_shared<DecodedBody>(std::move(answer.Body), coding, std::move(decoder)));
  answer.Header.Del(http::HeaderId::kContentEncoding);
  answer.Header.Del(http::HeaderId::kContentLength);
  answer.ContentLength = -1;
  answer.Uncompressed = true;
}

}  // namespace hon::client
