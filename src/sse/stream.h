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

/// The rest of an answer whose handler has returned: the connection tells when something is to be
/// done, and waits without a fiber or a stack. On its loop; destroys itself when the connection has
/// ended.
class Stream final : public io::ConnSink {
 public:
  /// Goes on, on `conn`, with an answer of which the head is sent.
  static void Start(Place place, bool chunked, const WriterOptions& options, io::Conn& conn);

  /// Sends what there is, as far as the socket takes it.
  void Pump();
  /// Any thread, while it is among the ring's.
  void Post(std::function<void()> function) { conn_->Post(std::move(function)); }
  [[nodiscard]] const void* LoopId() const { return conn_->LoopId(); }

  // io::ConnSink
  void OnOpen(std::unique_ptr<io::EventConn> conn) override;
  void OnInput() override;
  void OnDrained() override;
  void OnDeadline(io::ConnDeadline which) override;
  void OnShutdown() override { End(); }
  void OnClosed(const Error& why) override;

  size_t index = 0;  // the ring's: among those of the loop

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
