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

/// One answer on its way through CompressHandler.
///   open → waiting → plain or gzip;   open → plain or gzip
/// While it waits, the handler has said what the head is, and not enough of the body to decide.
class CompressWriter final : public ResponseWriter {
 public:
  CompressWriter(ResponseWriter& w, const Request& r, const CompressOptions& options,
                 GzipPool& pool);
  CompressWriter(const CompressWriter&) = delete;
  CompressWriter& operator=(const CompressWriter&) = delete;
  ~CompressWriter() override;

  http::Header& Header() override { return w_.Header(); }
  io::IoResult Write(std::string_view data) override;
  void WriteHeader(int status) override;
  Error Flush() override;
  Result<std::unique_ptr<io::Conn>> Hijack() override;
  io::CopyResult ReadFrom(io::Reader& from) override;
  [[nodiscard]] int Status() const override;
  [[nodiscard]] int64_t BytesWritten() const override { return written_; }
  [[nodiscard]] ResponseWriter* Unwrap() override { return &w_; }

  /// The handler has returned: sends what is left. Throws AbortHandler when the handler wrote less
  /// than it had declared, and only the end of the connection can tell the client.
  void Finish();

 private:
  enum class Phase : uint8_t { kOpen, kWaiting, kPlain, kGzip };

  void Begin(int status);
  [[nodiscard]] bool MayCompress(int status);
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
  Error error_;                            // the first of w_'s, which stays
  int64_t length_ = -1;                    // declared, where it is sent no more
  int64_t written_ = 0;                    // before compressing
  int status_ = 0;
  Phase phase_ = Phase::kOpen;
};

}  // namespace hon::http::internal
