#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <span>

#include "hon/adaptor/chunked.h"
#include "hon/adaptor/head_parser.h"
#include "hon/http/body.h"
#include "hon/http/header.h"
#include "hon/io/stream.h"

namespace hon::adaptor {

/// No limit on the bytes of a body.
inline constexpr int64_t kBodyUnlimited = std::numeric_limits<int64_t>::max();

/// The unread rest of a body is dropped to keep the connection, up to this much chunked content,
/// and less than this of a declared length (contract W51). Reading more would cost more than a new
/// connection, so the connection ends with the answer; the answer announces that when it is known.
inline constexpr int64_t kUnreadBodyBytesMax = 256 * 1024;

/// The calls of a BodyReader to the owner of an HTTP/2 stream (RFC 9113 §8.1). Called on the fiber
/// that reads the body.
class StreamBody {
 public:
  /// Sends 100 Continue.
  virtual void SendContinue() = 0;
  /// Fills `into` with the trailers. The stream has ended.
  virtual void TakeTrailers(http::Header& into) = 0;

 protected:
  ~StreamBody() = default;
};

/// The body of one message, read from its Stream on demand. Reading suspends the calling fiber.
/// Reused from exchange to exchange; allocates nothing unless there are trailers.
class BodyReader final : public http::BodySource, public io::BlockReader {
 public:
  BodyReader() = default;
  BodyReader(const BodyReader&) = delete;
  BodyReader& operator=(const BodyReader&) = delete;

  /// Begins the body that `head` announces. The head itself must be consumed from `stream` already.
  /// `trailer` receives the trailers at the end of the body. Both outlive the exchange. More than
  /// `bytes_max` bytes of content give http::ErrBodyTooLarge.
  void Begin(io::Stream& stream, const RequestHead& head, http::Header& trailer,
             int64_t bytes_max = kBodyUnlimited) {
    Begin(stream, trailer, bytes_max,
          !head.HasBody() ? Framing::kEnd
          : head.chunked  ? Framing::kChunked
                          : Framing::kLength,
          head.content_length);
    continue_ = head.expect_continue ? Continue::kPending : Continue::kNone;
  }
  /// As above, for the body of an answer.
  void Begin(io::Stream& stream, const AnswerHead& head, http::Header& trailer,
             int64_t bytes_max = kBodyUnlimited) {
    Begin(stream, trailer, bytes_max, static_cast<Framing>(head.body), head.content_length);
    continue_ = Continue::kNone;
  }
  /// As the other Begin, for the body that `stream` delivers up to its end; the stream itself
  /// enforces a declared length. `ended`: the request has no body.
  void Begin(io::Stream& stream, StreamBody& control, bool ended, bool expect_continue,
             http::Header& trailer, int64_t bytes_max = kBodyUnlimited) {
    Begin(stream, trailer, bytes_max, ended ? Framing::kEnd : Framing::kStream, -1);
    continue_ = expect_continue && !ended ? Continue::kPending : Continue::kNone;
    ends_with_connection_ = false;
    stream_body_ = &control;
  }
  /// Continues on another stream. Moving unread bytes from the old In() is up to the caller.
  void MoveTo(io::Stream& stream) { stream_ = &stream; }

  /// The first call sends "100 Continue" when the client waits for it. Errors: io::ErrEof at the
  /// end, io::ErrUnexpectedEof when the peer stopped early, http::ErrBodyTooLarge, a chunked-coding
  /// error, http::ErrBodyReadAfterClose, or the stream's error. Errors are sticky.
  io::IoResult Read(std::span<char> into) override;
  /// As Read, in blocks of the stream's input.
  io::IoResult ReadBlocks(io::LinkBuffer& into, size_t bytes_max) override;
  io::BlockReader* AsBlocks(const io::BlockPool& pool) override {
    return &stream_->In().Pool() == &pool ? this : nullptr;
  }

  /// Makes later reads fail; the unread rest stays for Drain. Never fails.
  Error Close() override;

  /// Reads and drops the rest, suspending as needed: at most `bytes_max` bytes of content, earlier
  /// drained bytes included, in whatever pieces they arrive. A declared length is not read at all
  /// unless the rest is below the limit. Returns true when the body is at its end, so that the next
  /// request can follow. Works after Close.
  bool Drain(int64_t bytes_max);
  /// As Drain, for received bytes only, and for at most kChunksPerTurnMax chunks: never suspends.
  bool DrainReceived(int64_t bytes_max) {
    if (!AtEnd()) SkipReceived(bytes_max);
    return AtEnd();
  }

  /// Whether everything that belongs to the body has been consumed. Any thread.
  [[nodiscard]] bool AtEnd() const {
    return framing_.load(std::memory_order_relaxed) == Framing::kEnd;
  }
  /// Whether the framing is lost, or the peer has gone: no request can follow.
  [[nodiscard]] bool Failed() const { return static_cast<bool>(failure_); }
  /// Whether all bytes up to the end of the connection belong to the body, which Drain then leaves
  /// alone.
  [[nodiscard]] bool EndsWithConnection() const { return ends_with_connection_; }
  /// Bytes that are not consumed yet; -1 when unknown, 0 at the end.
  [[nodiscard]] int64_t Remaining() const;
  /// Whether Drain(bytes_max) is known to stop before the end.
  [[nodiscard]] bool TooMuch(int64_t bytes_max) const;
  /// Content bytes that readers have received.
  [[nodiscard]] int64_t BytesRead() const { return content_; }

  /// Whether the client waits for a 100 that has not been sent.
  [[nodiscard]] bool ContinuePending() const { return continue_ == Continue::kPending; }
  /// An answer has begun: no 100 is sent any more (RFC 9110 §10.1.1).
  void SuppressContinue() {
    if (continue_ == Continue::kPending) continue_ = Continue::kSuppressed;
  }
  /// Sends "100 Continue" now, if the client still waits for it.
  void SendContinue();
  /// A 100 was sent by other code.
  void ContinueSent() { continue_ = Continue::kNone; }
  /// Whether the client waited for a 100 that was never sent: its body may or may not follow.
  [[nodiscard]] bool ContinueWithheld() const {
    return continue_ != Continue::kNone && framing_ != Framing::kEnd;
  }

 private:
  enum class Framing : uint8_t { kEnd, kLength, kChunked, kConnection, kStream };
  static_assert(static_cast<Framing>(AnswerBody::kNone) == Framing::kEnd &&
                static_cast<Framing>(AnswerBody::kLength) == Framing::kLength &&
                static_cast<Framing>(AnswerBody::kChunked) == Framing::kChunked &&
                static_cast<Framing>(AnswerBody::kConnection) == Framing::kConnection);
  enum class Continue : uint8_t { kNone, kPending, kSuppressed };

  void Begin(io::Stream& stream, http::Header& trailer, int64_t bytes_max, Framing framing,
             int64_t length) {
    stream_ = &stream;
    trailer_ = &trailer;
    remaining_ = length;  // of kLength only
    content_ = 0;
    drained_ = 0;
    chunks_ = 0;
    bytes_max_ = bytes_max;
    SetFraming(framing);
    ends_with_connection_ = framing == Framing::kConnection;
    closed_ = false;
    failure_ = Error();
    if (framing == Framing::kChunked) chunked_.Reset();
  }

  template <class Target>
  io::IoResult ReadTo(Target into);
  template <class Target>
  size_t Take(Target& into);
  template <class Target>
  size_t TakeLength(Target& into);
  template <class Target>
  size_t TakeChunked(Target& into);
  template <class Target>
  size_t TakeReceived(Target& into);
  [[nodiscard]] size_t Quota(size_t wanted) const;
  [[nodiscard]] bool PastLimit() const;
  Error Fill();
  void TakeTurns();
  void End();
  void SetFraming(Framing framing) { framing_.store(framing, std::memory_order_relaxed); }
  void SkipReceived(int64_t bytes_max);

  io::Stream* stream_ = nullptr;
  http::Header* trailer_ = nullptr;
  StreamBody* stream_body_ = nullptr;  // of kStream
  int64_t remaining_ = 0;
  int64_t content_ = 0;
  int64_t drained_ = 0;
  int64_t bytes_max_ = kBodyUnlimited;
  std::atomic<Framing> framing_{Framing::kEnd};
  Continue continue_ = Continue::kNone;
  bool closed_ = false;
  bool ends_with_connection_ = false;
  uint32_t chunks_ = 0;  // since other connections had a turn
  Error failure_;
  ChunkedDecoder chunked_;
};

}  // namespace hon::adaptor
