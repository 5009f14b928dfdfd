#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/conn.h"
#include "client/request_head.h"
#include "hon/http/body.h"

namespace hon::client {

/// The body of one request on its way. On the loop of its connection.
class Upload final : public std::enable_shared_from_this<Upload> {
 public:
  /// `first` was read of `body` already.
  Upload(http::Body body, const RequestPlan& plan, const http::Header& trailer, std::string first);

  /// Whether all of it is in memory, and at most `bytes_max` bytes.
  [[nodiscard]] bool InMemory(size_t bytes_max) const;
  /// Sends all of it, on the calling fiber.
  void SendNow(Conn& conn);
  /// Sends it on a fiber of its own; `on_end` is called there at the end, unless Stop came before.
  void Start(Conn& conn, std::function<void()> on_end);
  /// Ends the sending, and returns when the body is not read any more: at once outside of a fiber,
  /// where the body must own its source. The connection is to be destroyed: `conn` is kept until
  /// then.
  void Stop(std::unique_ptr<Conn> conn);

  [[nodiscard]] bool Started() const { return started_; }
  /// Nothing more is sent.
  [[nodiscard]] bool Ended() const { return ended_; }
  /// Everything was sent.
  [[nodiscard]] bool Complete() const { return ended_ && !source_error_ && !write_error_; }
  /// Why the body could not be read, or is no body for this request.
  [[nodiscard]] const Error& SourceError() const { return source_error_; }
  /// Bytes of content that were handed to the connection.
  [[nodiscard]] int64_t Sent() const { return sent_; }

 private:
  void Run(Conn& conn);
  bool SendPart(Conn& conn, std::string_view part);
  void Finish(Conn& conn);

  http::Body body_;
  RequestFraming framing_;
  int64_t length_;
  http::Header trailer_;
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
  std::unique_ptr<Conn> conn_;  // of an exchange that is over
  appcontext::Cancelable stop_;
};

}  // namespace hon::client
