#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hon/adaptor/body_reader.h"
#include "hon/adaptor/response_head.h"
#include "hon/http/header.h"
#include "hon/http/response_writer.h"
#include "hon/io/stream.h"

namespace hon::adaptor {

/// A body of up to this many bytes that is complete when the handler returns gets a
/// Content-Length; a longer one goes out in chunks.
inline constexpr size_t kBodyBufferBytes = 2048;

/// A file of fewer bytes is copied into the output instead of being sent by sendfile: it then
/// leaves together with the head.
inline constexpr int64_t kSendFileBytesMin = 16 * 1024;

/// What a Response asks of the owner of its connection.
class ConnControl {
 public:
  virtual ~ConnControl() = default;
  /// Hands the connection over (http::Hijacker). Called once at most for an exchange.
  virtual Result<std::unique_ptr<io::Conn>> Hijack() = 0;
  /// Moves the end of the request's context (http::ResponseWriter::SetRequestDeadline).
  virtual Error SetRequestDeadline(TimePoint deadline) = 0;
  /// False when no further request will be taken: answers then carry Connection: close.
  [[nodiscard]] virtual bool KeepAlive() const = 0;
  /// A mistake of the handler's, in one line.
  virtual void LogHandlerError(std::string_view message) = 0;
};

/// What a Response must know of its request.
struct ResponseOptions {
  bool head = false;     // HEAD: nothing of the body is sent
  bool connect = false;  // CONNECT: what follows a 2xx head is a tunnel, without framing
  bool http10 = false;
  bool close = false;          // RequestHead::close
  std::string_view date = {};  // value of the Date field; read while the exchange lasts
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
  void Reset(io::Stream& stream, ConnControl& control, const ResponseOptions& options) {
    stream_ = &stream;
    control_ = &control;
    options_ = options;
    header_.Reset();
    error_ = Error();
    length_ = -1;
    written_ = 0;
    status_ = 0;
    buffered_ = 0;
    phase_ = Phase::kOpen;
    coding_ = Coding::kNone;
    close_ = options.close;
    full_duplex_ = false;
  }
  /// Goes on over another stream, for an answer whose handler changes threads before it is called
  /// or after it has returned. What is in the old one's Out() is the caller's to move.
  void MoveTo(io::Stream& stream, ConnControl& control, std::string_view date) {
    stream_ = &stream;
    control_ = &control;
    options_.date = date;
  }

  // For handlers: http::ResponseWriter.
  http::Header& Header() override { return header_; }
  io::IoResult Write(std::string_view data) override;
  void WriteHeader(int status) override;
  Error Flush() override;
  Result<std::unique_ptr<io::Conn>> Hijack() override;
  Error Upgrade(std::string_view protocol, const http::Header& fields, io::ConnSink& sink) override;
  io::CopyResult ReadFrom(io::Reader& from) override;
  Error SetReadDeadline(TimePoint deadline) override;
  Error SetWriteDeadline(TimePoint deadline) override;
  Error SetRequestDeadline(TimePoint deadline) override;
  /// The body may always be read while answering; this says that it will be, so that a long one
  /// does not end the connection.
  Error EnableFullDuplex() override;
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
  /// The end of the connection is the only end of the body that the client sees.
  [[nodiscard]] bool EndsWithConnection() const { return coding_ == Coding::kUntilClose; }
  /// The stream's error that stopped the output, if one did.
  [[nodiscard]] const Error& OutputError() const { return error_; }

 private:
  enum class Phase : uint8_t { kOpen, kCommitted, kBody, kFinished, kHijacked };
  enum class Coding : uint8_t { kNone, kLength, kChunked, kUntilClose };

  void Interim(int status);
  void Commit(int status);
  void ReportMistakes();
  [[nodiscard]] bool IsDone() const { return phase_ >= Phase::kFinished; }
  [[nodiscard]] Error Refuse(const char* call);

  AutomaticFields Decide(bool complete);
  void DecideLength(bool complete, AutomaticFields& fields);
  void DecideConnection(AutomaticFields& fields);

  void SendHead(bool complete);
  void SendBody(std::string_view data);
  void SendBuffered();
  void Put(std::string_view data);
  void Bound();
  void EndChunks();
  void PutTrailers();

  [[nodiscard]] int64_t Allowed(int64_t wanted) const;
  io::CopyResult CopyBlocks(io::Reader& from);
  [[nodiscard]] Error SendBlock(io::Block& block, size_t size);
  io::CopyResult CopyFile(io::Reader& from, io::File& file, int64_t offset, int64_t size);

  io::Stream* stream_ = nullptr;
  ConnControl* control_ = nullptr;
  ResponseOptions options_;
  http::Header header_;
  ResponseHead head_;
  Error error_;
  int64_t length_ = -1;  // of the body, once it is known: declared, or found by Finish
  int64_t written_ = 0;
  int status_ = 0;
  uint32_t buffered_ = 0;
  Phase phase_ = Phase::kOpen;
  Coding coding_ = Coding::kNone;
  bool close_ = false;
  bool full_duplex_ = false;
  std::array<char, kBodyBufferBytes> buffer_;
};

}  // namespace hon::adaptor
