#include "client/decode.h"

#include <zlib.h>

#include <array>
#include <memory>
#include <utility>

#include "hon/client/transport.h"
#include "hon/http/client_error.h"

namespace hon::client {
namespace {

/// Decodes a sequence of gzip members (RFC 1952).
class GzipBody final : public http::BodySource {
 public:
  explicit GzipBody(http::Body coded) : coded_(std::move(coded)) {}
  GzipBody(const GzipBody&) = delete;
  GzipBody& operator=(const GzipBody&) = delete;
  ~GzipBody() override {
    if (begun_) inflateEnd(&stream_);
  }

  io::IoResult Read(std::span<char> into) override {
    if (into.empty()) return {};
    while (!end_) {
      if (stream_.avail_in == 0 && !FillCoded()) break;
      const size_t n = Inflate(into);
      if (n != 0) return {n, {}};
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
    stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_in = static_cast<uInt>(got.n);
    if (got.n != 0) return true;
    end_ = got.err;
    if (got.err.Is(io::ErrEof) && in_member_) end_ = io::ErrUnexpectedEof;
    return false;
  }

  size_t Inflate(std::span<char> into) {
    constexpr int kGzipOnly = 16;
    if (!in_member_) {
      const int code =
          begun_ ? inflateReset(&stream_) : inflateInit2(&stream_, MAX_WBITS | kGzipOnly);
      begun_ = begun_ || code == Z_OK;
      if (code != Z_OK) return Fault("gzip: no memory");
      in_member_ = true;
    }
    stream_.next_out = reinterpret_cast<Bytef*>(into.data());
    const auto room = static_cast<uInt>(std::min<size_t>(into.size(), size_t{1} << 30));
    stream_.avail_out = room;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    const size_t n = room - stream_.avail_out;
    decoded_bytes_ += n;
    if (code == Z_STREAM_END) {
      in_member_ = false;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      return Fault("gzip: invalid data");
    }
    if (decoded_bytes_ > kDecodedFreeBytes && decoded_bytes_ / kDecodedRatioMax > coded_bytes_) {
      end_ = http::ErrDecodedTooLong;
      return 0;
    }
    return n;
  }

  size_t Fault(const char* text) {
    end_ = Error::Of(http::ErrMalformedResponse, text);
    return 0;
  }

  http::Body coded_;
  z_stream stream_ = {};
  size_t coded_bytes_ = 0;
  size_t decoded_bytes_ = 0;
  bool begun_ = false;
  bool in_member_ = false;
  Error end_;
  std::array<char, 8 * 1024> buffer_;
};

}  // namespace

void DecodeGzip(http::Response& answer) {
  answer.Body = http::Body(std::make_shared<GzipBody>(std::move(answer.Body)));
  answer.Header.Del(http::HeaderId::kContentEncoding);
  answer.Header.Del(http::HeaderId::kContentLength);
  answer.ContentLength = -1;
  answer.Uncompressed = true;
}

}  // namespace hon::client
