#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hon/http/compress.h"
#include "hon/http/request.h"
#include "hon/http/response_writer.h"
#include "http/gzip.h"

namespace hon::http::internal {

/// Whether answers of the media type `type`, which may have parameters, are to be compressed.
[[nodiscard]] bool IsTypeWanted(const CompressOptions& options, std::string_view type);

/// Whether the client of `r` gives gzip at least the weight of identity, and speaks a version of
/// HTTP that can frame an answer of unknown length.
[[nodiscard]] bool TakesGzip(const Request& r);

/// Properties of a body before it is written.
struct BodyFacts {
  std::string_view type;  // "": unknown
  int64_t length = -1;    // bytes; -1: unknown
  bool encoded = false;   // the body has a Content-Encoding
};

/// One answer on its way through CompressHandler.
///   open → waiting → plain or gzip;   open → plain or gzip
/// While waiting, the head is known, but not enough of the body to decide.
class CompressWriter final : public ResponseWriter {
 public:
  /// Bytes that are compressed before other fibers of the thread get a turn: about a millisecond.
  static constexpr size_t kBytesPerTurn = size_t{64} << 10;

  CompressWriter(ResponseWriter& w, const Request& r, const CompressOptions& options,
                 GzipPool& pool);
  /// The CompressWriter that `w` is or wraps, or null.
  [[nodiscard]] static CompressWriter* In(ResponseWriter& w);
  CompressWriter(const CompressWriter&) = delete;
  CompressWriter& operator=(const CompressWriter&) = delete;
  ~CompressWriter() override;

  http::Header& Header() override { return w_.Header(); }
  io::IoResult Write(std::string_view data) override;
  void WriteHeader(int status) override;
  Error Flush() override;
  Result<std::unique_ptr<io::Conn>> Hijack() override;
  Error Upgrade(std::string_view protocol, const http::Header& fields, io::ConnSink& sink) override;
  io::CopyResult ReadFrom(io::Reader& from) override;
  [[nodiscard]] int Status() const override;
  [[nodiscard]] int64_t BytesWritten() const override { return written_; }
  [[nodiscard]] ResponseWriter* Unwrap() override { return &w_; }

  /// States what the body of a 200 would be, where the answer may be a 304 or a 206: the fields of
  /// those do not show whether the 200 would be compressed. The type is copied.
  void Announce(const BodyFacts& whole);

  /// The handler has returned: sends the rest. Throws AbortHandler when the handler wrote less than
  /// it had declared, since only a cut connection shows that to the client.
  void Finish();

 private:
  enum class Phase : uint8_t { kOpen, kWaiting, kPlain, kGzip };

  io::CopyResult CopyInto(io::Reader& from);
  void Begin(int status);
  [[nodiscard]] bool MayCompress(int status);
  [[nodiscard]] BodyFacts Facts(int status);
  [[nodiscard]] bool IsWorthwhile(const BodyFacts& body);
  void TagNotModified(http::Header& header);
  [[nodiscard]] Error Compress(std::string_view data, Gzip::Then then);
  void Decide(std::string_view start);
  void CommitPlain();
  void CommitGzip(std::unique_ptr<Gzip> gzip);
  void CommitHead();
  Error Send(std::string_view data, Gzip::Then then);
  io::IoResult Forward(std::string_view data);

  ResponseWriter& w_;
  const Request& r_;
  const CompressOptions& options_;
  GzipPool& pool_;
  std::unique_ptr<Gzip> gzip_;             // in kGzip, but for HEAD
  std::optional<http::Header> committed_;  // while waiting: the fields at WriteHeader
  std::string kept_;                       // while waiting: the body so far
  Error error_;                            // the first error of w_; sticky
  int64_t length_ = -1;                    // the declared length, where Content-Length is not sent
  std::optional<BodyFacts> announced_;     // of a 200, for a 304 or a 206
  std::string announced_type_;             // the type in announced_
  size_t turn_bytes_ = 0;                  // compressed since other fibers had a turn
  int64_t written_ = 0;                    // before compressing
  bool too_long_ = false;                  // a Write was past the declared length
  int status_ = 0;
  Phase phase_ = Phase::kOpen;
};

}  // namespace hon::http::internal
