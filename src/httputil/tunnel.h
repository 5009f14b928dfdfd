#pragma once

#include <memory>
#include <string_view>

#include "hon/fiber/fiber.h"
#include "hon/http/response_writer.h"
#include "hon/http/spawner.h"
#include "hon/io/conn.h"
#include "hon/io/event_conn.h"

namespace hon::httputil::internal {

/// Joins two connections of one loop: each is sent what the other receives, until both have ended
/// (RFC 9110 §7.8). Blocks move from one to the other without a copy, and no fiber waits. A
/// connection that does not take its output pauses the other. Keeps itself alive.
class Tunnel final : public std::enable_shared_from_this<Tunnel> {
 public:
  /// Answers the client 101 with `protocol` and `fields`, and joins the client's connection to
  /// `server`, a connection of the same loop. Called on the fiber of the handler. `elsewhere`: that
  /// loop, when the handler runs on another thread; else null. `stall_timeout`: when one connection
  /// takes no byte for this long, both end. Fails with the errors of
  /// http::ResponseWriter::Upgrade, and with ErrNotSupported when the client's connection turns out
  /// to belong to another loop.
  static Error Join(http::ResponseWriter& w, std::string_view protocol, const http::Header& fields,
                    std::unique_ptr<io::Conn> server, http::Spawner::Home* elsewhere,
                    Duration stall_timeout);

  explicit Tunnel(Duration stall_timeout) : stall_timeout_(stall_timeout) {}

 private:
  class End final : public io::ConnSink {
   public:
    explicit End(Tunnel& tunnel) : tunnel_(tunnel) {}

    void OnOpen(std::unique_ptr<io::EventConn> conn) override;
    void OnInput() override { tunnel_.Move(*this, tunnel_.OtherOf(*this)); }
    void OnDrained() override;
    void OnDeadline(io::ConnDeadline which) override;
    void OnClosed(const Error& why) override;

    std::unique_ptr<io::EventConn> conn;  // null before OnOpen and after OnClosed
    bool input_ended = false;             // the output of the other end has been ended, too
    bool stalled = false;                 // its output waits for the peer

   private:
    Tunnel& tunnel_;
    std::shared_ptr<Tunnel> keep_;
  };

  void Connect(std::unique_ptr<io::Conn> server);
  [[nodiscard]] End& OtherOf(const End& end) { return &end == &client_ ? server_ : client_; }
  void Move(End& from, End& to);
  [[nodiscard]] bool MakeRoom(End& to) const;
  void PassEnd(End& from, End& to);
  void Abort();

  const Duration stall_timeout_;
  fiber::Scheduler* home_ = nullptr;  // of the server's connection
  bool strange_ = false;              // the client's connection has another one
  End client_{*this};
  End server_{*this};
};

}  // namespace hon::httputil::internal
