#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "hon/adaptor/response.h"
#include "hon/adaptor/response_head.h"
#include "hon/adaptor/response_options.h"
#include "hon/base/arena.h"
#include "hon/h2/session.h"
#include "hon/http/header.h"
#include "hon/io/file.h"
#include "hon/io/stream.h"

namespace hon::engine {

/// The operations of an exchange that its Http2Encoder uses. Called on the loop of the connection.
class Http2Wire {
 public:
  /// Sends a field section: an informational answer, or the head of the final one.
  virtual void SendHead(int status, std::span<const h2::Session::ExtraField> extra,
                        const http::Header& header, bool end_stream) = 0;
  /// Sends the head, and `body` as the whole content.
  virtual void SendAnswer(int status, std::span<const h2::Session::ExtraField> extra,
                          const http::Header& header, std::string_view body) = 0;
  /// Sends END_STREAM behind the content of Stream::Out().
  virtual void SendEnd() = 0;
  /// Sends a section of trailers with END_STREAM behind the content of Stream::Out().
  virtual void SendTrailers(const http::Header& trailers) = 0;
  /// Bytes that wait in Stream::Out() before the handler waits.
  [[nodiscard]] virtual size_t WaitingBytesMax() const = 0;
  /// Ends the connection after its open streams: the handler has set Connection: close.
  virtual void EndConnection() = 0;

 protected:
  ~Http2Wire() = default;
};

/// The encoder of one answer on a stream of HTTP/2 (RFC 9113 §8.1). Head and trailers become field
/// sections of the session; the body goes into Stream::Out(), from where the session sends DATA.
/// The interface is that of adaptor::Http1Encoder, and documented there.
class Http2Encoder {
 public:
  static constexpr size_t kRoomBefore = 0;
  static constexpr size_t kRoomBehind = 0;
  static constexpr bool kOnStreams = true;

  /// Called once, before the first answer. `home` is the ConnControl of the loop. `wire` and `home`
  /// outlive the encoder.
  void Bind(Http2Wire& wire, adaptor::ConnControl& home) {
    wire_ = &wire;
    home_ = control_ = &home;
  }
  /// Sets the ConnControl of the thread on which the rest of the answer is written.
  void SetControl(adaptor::ConnControl& control) { control_ = &control; }

  void Reset(io::Stream& stream, const adaptor::ResponseOptions&) {
    stream_ = &stream;
    if (error_) error_ = Error();
    facts_ = {};
    head_.Reset();
    text_.Reset();
    if (!trailer_names_.empty()) trailer_names_.clear();
    length_ = -1;
    sent_ = 0;
    phase_ = Phase::kHead;
    broken_ = false;
  }
  void MoveTo(io::Stream& stream) { stream_ = &stream; }
  [[nodiscard]] io::Stream& GetStream() const { return *stream_; }

  [[nodiscard]] bool KnowsInterim() const { return true; }
  [[nodiscard]] bool KnowsTrailers() const { return true; }
  /// Only an extended CONNECT can be upgraded (RFC 8441 §4).
  [[nodiscard]] bool KnowsUpgrade() const { return upgradable_; }
  void SetUpgradable(bool upgradable) { upgradable_ = upgradable; }

  void SendInterim(int status, const http::Header& header);
  void SendUpgrade(std::string_view protocol, const http::Header& fields);
  const adaptor::ResponseFacts& Commit(int status, bool tunnel, const http::Header& header);
  [[nodiscard]] const adaptor::ResponseFacts& Facts() const { return facts_; }

  void SendHead(const adaptor::HeadPlan& plan, const adaptor::ConnControl& control,
                std::string_view body);
  void SendData(std::string_view first, std::string_view second);
  void SendBlock(io::Block& block, size_t size);
  void SendBlocks(io::LinkBuffer& part);
  int64_t SendFile(io::File& file, int64_t offset, int64_t count);
  Error Lend(adaptor::ConnControl& control, io::ConnSink& sink) const {
    return control.Lend(sink, true);
  }
  void Flush() {
    if (!error_) error_ = stream_->DrainOutput(0);
  }
  /// Sends no END_STREAM behind fewer bytes than the head declares.
  void End(const http::Header& header);

  void Break() { broken_ = true; }
  /// The stream is to be reset: the answer is not what its head says.
  [[nodiscard]] bool MustClose() const { return broken_ || error_; }
  [[nodiscard]] bool EndsWithConnection() const { return false; }
  [[nodiscard]] const Error& Failure() const { return error_; }

 private:
  enum class Phase : uint8_t { kHead, kBody, kEnded };

  template <class Work>
  void OnLoop(Work work);
  void Put(std::string_view data);
  [[nodiscard]] size_t WaitingBytesMax() const;
  void Bound();

  Http2Wire* wire_ = nullptr;
  adaptor::ConnControl* home_ = nullptr;
  adaptor::ConnControl* control_ = nullptr;
  io::Stream* stream_ = nullptr;
  adaptor::ResponseFacts facts_;
  http::Header head_;  // the committed fields, as views of text_
  Arena text_;
  std::string trailer_names_;
  Error error_;
  int64_t length_ = -1;  // of the body, as the head declares it; -1: not declared
  int64_t sent_ = 0;
  Phase phase_ = Phase::kHead;
  bool broken_ = false;
  bool upgradable_ = false;
};

/// One answer over HTTP/2.
using Http2Response = adaptor::BasicResponse<Http2Encoder>;

}  // namespace hon::engine

namespace hon::adaptor {
extern template class BasicResponse<engine::Http2Encoder>;
}
