#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hon/adaptor/chunked.h"
#include "hon/adaptor/response_head.h"
#include "hon/adaptor/response_options.h"
#include "hon/http/header.h"
#include "hon/io/file.h"
#include "hon/io/stream.h"

namespace hon::adaptor {

/// Encodes one answer as HTTP/1.x (RFC 9112) in Stream::Out(): head, chunks, trailers, and whether
/// the connection ends with it. BasicResponse calls the encoder in this order: Commit, SendHead,
/// any number of SendData, SendBlock, SendBlocks and SendFile, then End. SendInterim may come
/// before Commit. Sending waits for the peer when more than io::kHighWaterBytes are unsent. After
/// an error of the stream nothing more is sent.
class Http1Encoder {
 public:
  /// Bytes around the data of a block that SendBlock overwrites.
  static constexpr size_t kRoomBefore = kChunkHeadBytesMax;
  static constexpr size_t kRoomBehind = 2;
  /// Whether each answer has a stream of its own. A change of protocol then takes over the stream,
  /// else the connection.
  static constexpr bool kOnStreams = false;

  /// Begins the next answer. Both arguments outlive it.
  void Reset(io::Stream& stream, const ResponseOptions& options) {
    stream_ = &stream;
    options_ = &options;
    error_ = Error();
    coding_ = Coding::kNone;
    close_ = options.close;
  }
  /// Continues on another stream.
  void MoveTo(io::Stream& stream) { stream_ = &stream; }
  [[nodiscard]] io::Stream& GetStream() const { return *stream_; }

  /// Whether the client knows 1xx and trailers: HTTP/1.0 has neither (RFC 9110 §15.2, RFC 9112
  /// §7.1.2).
  [[nodiscard]] bool KnowsInterim() const { return !options_->http10; }
  [[nodiscard]] bool KnowsTrailers() const { return !options_->http10; }
  /// Whether the connection can go on with another protocol (RFC 9110 §7.8).
  [[nodiscard]] bool KnowsUpgrade() const { return !options_->http10; }

  /// Sends a 1xx with these fields.
  void SendInterim(int status, const http::Header& header);
  /// The 101 that changes to `protocol`, the value of the Upgrade field. Fields of `fields` that
  /// frame a message or concern the connection (RFC 9110 §7.6.1) are left out.
  [[nodiscard]] std::string UpgradeHead(std::string_view protocol, const http::Header& fields);
  /// Copies the fields as they are now; later changes of `header` are not sent. With `tunnel` the
  /// status is a 2xx to CONNECT.
  const ResponseFacts& Commit(int status, bool tunnel, const http::Header& header) {
    return head_.Commit(status, options_->http10, header, tunnel);
  }
  [[nodiscard]] const ResponseFacts& Facts() const { return head_.GetFacts(); }

  /// Sends the committed head, together with `body`, the content so far.
  void SendHead(const HeadPlan& plan, const ConnControl& control, std::string_view body);
  /// Sends `first` and `second`, as one chunk in chunked coding.
  void SendData(std::string_view first, std::string_view second);
  /// Sends the `size` bytes that lie behind kRoomBefore bytes of `block`, without a copy.
  void SendBlock(io::Block& block, size_t size);
  /// Sends the bytes of `part`, which has the pool of Stream::Out(), without a copy; as one chunk
  /// in chunked coding. `part` is empty afterwards.
  void SendBlocks(io::LinkBuffer& part);
  /// Sends `count` bytes of a file, `count` > 0. The error is Failure().
  int64_t SendFile(io::File& file, int64_t offset, int64_t count);
  /// Called after SendHead: gives the rest of the body to `sink`, framed according to the head.
  /// Fails with the error of `control`.
  Error Lend(ConnControl& control, io::ConnSink& sink) const;
  /// Waits until everything is with the kernel.
  void Flush() {
    if (!error_) error_ = stream_->DrainOutput(0);
  }
  /// Ends the body, with the trailers in `header` at this time.
  void End(const http::Header& header);

  /// The answer does not match its head: only the end of the connection shows that to the client.
  void Break() { close_ = true; }
  /// Whether the connection ends with this answer. Settled by SendHead, Break and errors.
  [[nodiscard]] bool MustClose() const { return close_; }
  /// Whether the body ends with the connection (RFC 9112 §6.3).
  [[nodiscard]] bool EndsWithConnection() const { return coding_ == Coding::kUntilClose; }
  /// The stream's error that stopped the output, if one did.
  [[nodiscard]] const Error& Failure() const { return error_; }

 private:
  enum class Coding : uint8_t { kNone, kLength, kChunked, kUntilClose };

  void DecideCoding(const HeadPlan& plan, AutomaticFields& fields);
  void DecideConnection(const HeadPlan& plan, const ConnControl& control, AutomaticFields& fields);
  void Put(std::string_view data);
  void PutChunkHead(size_t size);
  [[gnu::noinline]] void EndChunks(const http::Header& header);
  void PutTrailers(const http::Header& header);
  void Bound();

  io::Stream* stream_ = nullptr;
  const ResponseOptions* options_ = nullptr;
  ResponseHead head_;
  Error error_;
  Coding coding_ = Coding::kNone;
  bool close_ = false;
};

}  // namespace hon::adaptor
