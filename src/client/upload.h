#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/body_sink.h"
#include "client/parker.h"
#include "client/request_head.h"
#include "hon/http/body.h"

namespace hon::client {

/// The sending of one request's body. Used on the loop of its connection.
class Upload final : public std::enable_shared_from_this<Upload> {
 public:
  /// `first`: bytes that were already read from `body`. The caller keeps `trailer`, and may fill it
  /// until the end of the body.
  Upload(http::Body body, const RequestPlan& plan, const http::Header& trailer, std::string first);

  /// Whether the whole body is in memory, with at most `bytes_max` bytes.
  [[nodiscard]] bool InMemory(size_t bytes_max) const;
  /// Sends all of it, on the calling fiber.
  void SendNow(BodySink& sink);
  /// Sends it on a fiber of its own; `on_end` is called there at the end, unless Stop came before.
  void Start(BodySink& sink, std::function<void()> on_end);
  /// Ends the sending, and returns when the body is not read any more. Outside of a fiber it
  /// returns at once, and the body must own its source. `kept` owns the sink, whose waits have
  /// ended.
  void Stop(std::shared_ptr<void> kept);

  [[nodiscard]] bool Started() const { return started_; }
  /// Whether the sending has ended.
  [[nodiscard]] bool Ended() const { return ended_; }
  /// Whether the whole body was sent.
  [[nodiscard]] bool Complete() const { return ended_ && !source_error_ && !write_error_; }
  /// The error of the body's source, or of a body that does not fit its request.
  [[nodiscard]] const Error& SourceError() const { return source_error_; }
  /// The error that ended the sending, or none.
  [[nodiscard]] const Error& Failure() const {
    return source_error_ ? source_error_ : write_error_;
  }
  /// Bytes of content that were given to the connection.
  [[nodiscard]] int64_t Sent() const { return sent_; }

 private:
  void Run(BodySink& sink);
  void RunByBlocks(BodySink& sink, io::BlockReader& from);
  [[nodiscard]] bool MaySend(size_t size);
  bool TakeTurns(size_t sent);
  bool SendPart(BodySink& sink, std::string_view part);
  void Finish(BodySink& sink);

  http::Body body_;
  RequestFraming framing_;
  int64_t length_;
  const http::Header* trailer_;
  std::string first_;
  int64_t sent_ = 0;
  size_t unyielded_ = 0;
  bool started_ = false;
  bool ended_ = false;
  bool stopped_ = false;
  Error source_error_;
  Error write_error_;
  std::function<void()> on_end_;
  Parker* joiner_ = nullptr;
  std::shared_ptr<void> kept_;  // of an exchange that is over
  appcontext::Cancelable stop_;
};

}  // namespace hon::client
