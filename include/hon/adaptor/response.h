#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hon/adaptor/body_reader.h"
#include "hon/http/header.h"
#include "hon/http/response_writer.h"
#include "hon/io/stream.h"

namespace hon::adaptor {

/// A body of up to this many bytes that is complete when the handler returns gets a
/// Content-Length; a longer one goes out in chunks.
inline constexpr size_t kBodyBufferBytes = 2048;

/// A field whose name begins so is sent as a trailer, under the rest of the name; for trailers
/// that are decided after the head. Go's http.TrailerPrefix.
inline constexpr std::string_view kTrailerPrefix = "Trailer:";

/// A file of fewer bytes is copied into the output instead of being sent by sendfile: it then
/// leaves together with the head.
inline constexpr int64_t kSendFileBytesMin = 16 * 1024;

/// What a Response asks of the owner of its connection.
class ConnControl {
 public:
  virtual ~ConnControl() = default;
  /// Hands the connection over (http::Hijacker). Called once at most for an exchange.
  virtual Result<std::unique_ptr<io::Conn>> Hijack() = 0;
  /// False when no further request will be taken: answers then carry Connection: close.
  [[nodiscard]] virtual bool KeepAlive() const = 0;
  /// A mistake of the handler's, in one line.
  virtual void LogHandlerError(std::string_view message) = 0;
};

/// What a Response must know of its request.
struct ResponseOptions {
  bool head = false;        // HEAD: nothing of the body is sent
  bool http10 = false;
  bool close = false;       // RequestHead::close
  std::string_view date;    // value of the Date field; read while the exchange lasts
  BodyReader* body = nullptr;  // the request's, if it has one
};

/// One answer over HTTP/1.x (RFC 9112), from the handler's calls to bytes in Stream::Out().
/// Waits only when more than io::kHighWaterBytes are unsent, and in Flush.
/// Reused from exchange to exchange; a warm one allocates nothing.
class Response final : public http::ResponseWriter {
 public:
  Response();
  Response(const Response&) = delete;
  Response& operator=(const Response&) = delete;

  /// Begins the next answer. `stream`, `control` and what `options` refers to outlive it.
  void Reset(io::Stream& stream, ConnControl& control, const ResponseOptions& options);

  // For handlers: http::ResponseWriter.
  http::Header& Header() override { return header_; }
  io::IoResult Write(std::string_view data) override;
  void WriteHeader(int status) override;
  Error Flush() override;
  Result<std::unique_ptr<io::Conn>> Hijack() override;
  io::CopyResult ReadFrom(io::Reader& from) override;
  Error SetReadDeadline(TimePoint deadline) override;
  Error SetWriteDeadline(TimePoint deadline) override;
  /// The body may always be read while answering; this never fails.
  Error EnableFullDuplex() override { return {}; }
  [[nodiscard]] int Status() const override { return status_; }
  [[nodiscard]] int64_t BytesWritten() const override { return written_; }

  // For the engine.

  /// The handler has returned: sends what is missing. Not after it threw: a Response that is
  /// dropped unfinished has sent no end of body, and its connection must be closed.
  void Finish();
  /// The final head is in Stream::Out(), or the connection is hijacked: no other answer can
  /// be given.
  [[nodiscard]] bool HeadSent() const { return phase_ >= Phase::kBody; }
  [[nodiscard]] bool Hijacked() const { return phase_ == Phase::kHijacked; }
  /// After Finish: whether the connection ends with this answer.
  [[nodiscard]] bool MustClose() const { return close_; }
  /// The stream's error that stopped the output, if one did.
  [[nodiscard]] const Error& OutputError() const { return error_; }

 private:
  enum class Phase : uint8_t { kOpen, kCommitted, kBody, kFinished, kHijacked };
  enum class Coding : uint8_t { kNone, kLength, kChunked, kUntilClose };

  io::Stream* stream_ = nullptr;
  ConnControl* control_ = nullptr;
  ResponseOptions options_;
  http::Header header_;
  int status_ = 0;
  Phase phase_ = Phase::kOpen;
  Coding coding_ = Coding::kNone;
  bool close_ = false;
  int64_t written_ = 0;
  Error error_;
  std::string head_;
  std::array<char, kBodyBufferBytes> buffer_;
};

}  // namespace hon::adaptor
