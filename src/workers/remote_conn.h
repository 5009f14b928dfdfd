#pragma once

#include <memory>

#include "hon/io/conn.h"
#include "workers/loop_executor.h"

namespace hon::workers {

/// A hijacked connection for a handler that runs on a worker. Each call is made by a fiber of the
/// loop that owns the connection, while the calling fiber waits. Used on fibers of one worker.
class RemoteConn final : public io::Conn {
 public:
  /// Called on a fiber of the owning loop. That loop does not end before this is destroyed.
  RemoteConn(LoopExecutor& home, std::unique_ptr<io::Conn> conn);
  ~RemoteConn() override;

  io::IoResult Read(std::span<char> into) override;
  io::IoResult Write(std::string_view data) override;
  Error CloseWrite() override;
  Error Close() override;
  void SetReadDeadline(TimePoint deadline) override;
  void SetWriteDeadline(TimePoint deadline) override;
  /// The sink is called on the loop that owns the connection, not on the caller's thread.
  Error BecomeEvented(io::ConnSink& sink) override;
  [[nodiscard]] std::string LocalAddr() const override;
  [[nodiscard]] std::string RemoteAddr() const override;

 private:
  class Keeper;

  LoopExecutor* home_;
  Keeper* keeper_;
};

}  // namespace hon::workers
