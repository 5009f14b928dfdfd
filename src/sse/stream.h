#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "hon/io/conn.h"
#include "hon/io/event_conn.h"
#include "hon/sse/writer.h"
#include "sse/ring.h"

namespace hon::sse::internal {

/// The rest of an answer whose handler has returned: driven by events of the connection, without a
/// fiber or a stack while it waits. On its loop; destroys itself at the end of the connection.
class Stream final : public io::ConnSink {
 public:
  /// Continues, on `conn`, an answer whose head is sent.
  static void Start(Place place, bool chunked, const WriterOptions& options, io::Conn& conn);

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

  size_t index = 0;  // the ring's: index among the streams of the loop

 private:
  Stream(Place place, bool chunked, const WriterOptions& options);
  ~Stream() = default;
  void Send(std::string_view text);
  void End();

  Place place_;
  std::unique_ptr<io::EventConn> conn_;
  const Duration write_timeout_;
  const Duration heartbeat_;
  const bool chunked_;
  bool ended_ = false;  // the end of the answer is sent
};

}  // namespace hon::sse::internal
