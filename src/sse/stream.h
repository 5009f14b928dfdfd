#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "hon/http/response_writer.h"
#include "hon/io/event_conn.h"
#include "hon/sse/writer.h"
#include "sse/ring.h"

namespace hon::sse::internal {

/// The rest of an answer whose handler has returned: driven by events of the connection, without a
/// fiber or a stack while it waits. On its loop; destroys itself at the end of the connection.
class Stream final : public io::ConnSink {
 public:
  /// Sends the head of `w` and continues the answer. ErrNotSupported where the answer cannot be
  /// detached from its handler; `cursor` is then unchanged.
  static Error Start(http::ResponseWriter& w, std::optional<RingCursor>& cursor,
                     const WriterOptions& options);

  /// Sends the available events, as far as the socket takes them.
  void Pump();
  /// Any thread, while the stream is in the ring.
  void Post(std::function<void()> function) { conn_->Post(std::move(function)); }
  [[nodiscard]] const void* LoopId() const { return conn_->LoopId(); }

  // io::ConnSink
  void OnOpen(std::unique_ptr<io::EventConn> conn) override;
  void OnInput() override;
  void OnDrained() override;
  void OnDeadline(io::ConnDeadline which) override;
  void OnShutdown() override { End(); }
  void OnClosed(const Error& why) override;

  // The ring's.
  size_t index = 0;    // among the streams of the loop
  uint64_t round = 0;  // of the last pumping

 private:
  explicit Stream(const WriterOptions& options);
  ~Stream() = default;
  void Send(std::string_view text);
  void End();

  std::optional<RingCursor> cursor_;  // empty before Start
  std::unique_ptr<io::EventConn> conn_;
  const Duration write_timeout_;
  const Duration heartbeat_;
  bool ended_ = false;  // the end of the answer is sent
};

}  // namespace hon::sse::internal
