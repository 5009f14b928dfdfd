#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "hon/adaptor/http1_encoder.h"
#include "hon/adaptor/response_options.h"
#include "hon/base/flatten.h"
#include "hon/http/header.h"
#include "hon/http/response_writer.h"
#include "hon/http/status.h"
#include "hon/io/stream.h"

namespace hon::adaptor {

/// A body of up to this many bytes that is complete when the handler returns gets a
/// Content-Length; a longer one goes out in pieces.
inline constexpr size_t kBodyBufferBytes = 2048;

/// A file of fewer bytes is copied into the output in place of sendfile: it then leaves together
/// with the head.
inline constexpr int64_t kSendFileBytesMin = 16 * 1024;

/// Bytes that an answer takes from an io::BlockReader at once, less those that are unsent: more
/// than one receive brings, so that one call sends what another has received.
inline constexpr size_t kMovedPartBytesMax = io::kHighWaterBytes * 3 / 2;

/// The contract of net/http for an answer, independent of the protocol: the first WriteHeader
/// counts, a declared length holds, a small body gets a length, the type is sniffed, trailers are
/// announced or prefixed, misuse is logged. `Encoder` makes the bytes: Http1Encoder, whose members
/// are the interface, documented there.
///
/// Waits only when more than io::kHighWaterBytes are unsent, and in Flush. Reused from exchange to
/// exchange; a warm response allocates nothing.
///
/// Another encoder is instantiated where response_template.h is included, in one file.
template <class Encoder>
class BasicResponse final : public http::ResponseWriter {
 public:
  BasicResponse();
  BasicResponse(const BasicResponse&) = delete;
  BasicResponse& operator=(const BasicResponse&) = delete;

  /// Begins the next answer. `stream`, `control` and the objects that `options` refers to outlive
  /// it.
  void Reset(io::Stream& stream, ConnControl& control, const ResponseOptions& options) {
    control_ = &control;
    options_ = options;
    encoder_.Reset(stream, options_);
    header_.Reset();
    length_ = -1;
    written_ = 0;
    status_ = 0;
    buffered_ = 0;
    phase_ = Phase::kOpen;
    full_duplex_ = false;
  }
  /// Continues on another stream, for an answer whose handler runs on another thread: before the
  /// call and after the return of the handler. Moving unsent bytes from the old Out() is up to the
  /// caller.
  void MoveTo(io::Stream& stream, ConnControl& control, std::string_view date) {
    encoder_.MoveTo(stream);
    control_ = &control;
    options_.date = date;
  }

  // The interface for handlers: http::ResponseWriter.
  http::Header& Header() override { return header_; }
  HON_FLATTEN HON_NO_CANARY io::IoResult Write(std::string_view data) override;
  void WriteHeader(int status) override;
  Error Flush() override;
  Result<std::unique_ptr<io::Conn>> Hijack() override;
  Error Upgrade(std::string_view protocol, const http::Header& fields, io::ConnSink& sink) override;
  Error Detach(io::ConnSink& sink) override;
  io::CopyResult ReadFrom(io::Reader& from) override;
  Error SetReadDeadline(TimePoint deadline) override;
  Error SetWriteDeadline(TimePoint deadline) override;
  Error SetRequestDeadline(TimePoint deadline) override;
  /// The body may always be read while answering. EnableFullDuplex announces that it will be, so
  /// that a long body does not end the connection.
  Error EnableFullDuplex() override;
  [[nodiscard]] int Status() const override { return status_; }
  [[nodiscard]] int64_t BytesWritten() const override { return written_; }

  // The interface for the engine.

  [[nodiscard]] Encoder& GetEncoder() { return encoder_; }
  /// The handler has returned: sends the rest of the answer. Must not be called after an exception:
  /// an unfinished response has sent no end of its body, and its connection must be closed.
  HON_FLATTEN HON_NO_CANARY void Finish();
  /// Whether the final head is sent, or the connection is hijacked: no other answer can follow.
  [[nodiscard]] bool HeadSent() const { return phase_ >= Phase::kBody; }
  [[nodiscard]] bool Hijacked() const { return phase_ == Phase::kHijacked; }
  /// After Finish: whether the connection ends with this answer.
  [[nodiscard]] bool MustClose() const { return encoder_.MustClose(); }
  /// Whether the body ends with the connection (RFC 9112 §6.3).
  [[nodiscard]] bool EndsWithConnection() const { return encoder_.EndsWithConnection(); }
  /// The stream's error that stopped the output, if one did.
  [[nodiscard]] const Error& OutputError() const { return encoder_.Failure(); }

 private:
  enum class Phase : uint8_t { kOpen, kCommitted, kBody, kFinished, kHijacked };

  [[gnu::cold, gnu::noinline]] void Interim(int status);
  void Commit(int status);
  /// Of an answer without content, or whose content does not come by Write.
  [[gnu::noinline]] void CommitOk() { Commit(http::StatusOK); }
  [[gnu::cold, gnu::noinline]] void ReportMistakes();
  [[nodiscard]] bool IsDone() const { return phase_ >= Phase::kFinished; }
  [[nodiscard, gnu::cold, gnu::noinline]] Error Refuse(const char* call);
  [[nodiscard]] bool SendsBody() const;

  [[nodiscard]] bool GetsLength() const;
  void SendHead(bool complete);
  [[gnu::noinline]] void SendBody(std::string_view data);
  void SendBuffered();

  [[nodiscard]] int64_t Allowed(int64_t wanted) const;
  io::CopyResult CopyBlocks(io::Reader& from);
  io::CopyResult MoveBlocks(io::BlockReader& from);
  [[nodiscard]] Error SendPart(io::LinkBuffer& part);
  [[nodiscard]] Error SendBlock(io::Block& block, size_t size);
  io::CopyResult CopyFile(io::Reader& from, io::File& file, int64_t offset, int64_t size);

  ConnControl* control_ = nullptr;
  ResponseOptions options_;
  http::Header header_;
  Encoder encoder_;
  int64_t length_ = -1;  // of the body, once it is known: declared, or set by Finish
  int64_t written_ = 0;
  int status_ = 0;
  uint32_t buffered_ = 0;
  Phase phase_ = Phase::kOpen;
  bool allows_body_ = false;  // the committed status allows a body
  bool full_duplex_ = false;
  std::array<char, kBodyBufferBytes> buffer_;
};

/// One answer over HTTP/1.x.
using Response = BasicResponse<Http1Encoder>;
extern template class BasicResponse<Http1Encoder>;

}  // namespace hon::adaptor
