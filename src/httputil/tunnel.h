#pragma once

#include <memory>
#include <string_view>

#include "hon/fiber/fiber.h"
#include "hon/http/response_writer.h"
#include "hon/io/conn.h"
#include "hon/io/event_conn.h"

namespace hon::httputil::internal {

/// Joins two connections of one loop: each is sent what the other receives, until both have ended
/// (RFC 9110 §7.8). Blocks move from one to the other without a copy, and no fiber waits. A
/// connection that does not take its output pauses the other. Keeps itself alive.
class Tunnel final : public std::enable_shared_from_this<Tunnel> {
 public:
  /// Answers the client 101 with `protocol` and `fields`, and joins the client's connection to
  /// `server`. Called on the fiber of the handler. `stall_timeout`: when one connection takes no
  /// byte for this long, both end. Fails with the errors of http::ResponseWriter::Upgrade, and with
  /// ErrNotSupported on a thread other than that of the client's connection.
  static Error Join(http::ResponseWriter& w, std::string_view protocol, const http::Header& fields,
                    std::unique_ptr<io::Conn> server, Duration stall_timeout);

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

  [[nodiscard]] End& OtherOf(const End& end) { return &end == &client_ ? server_ : client_; }
  void Move(End& from, End& to);
  [[nodiscard]] bool MakeRoom(End& to) const;
  void PassEnd(End& from, End& to);
  void Abort();

  const Duration stall_timeout_;
  fiber::Scheduler* home_ = nullptr;
  bool elsewhere_ = false;  // the client's connection belongs to another thread
  End client_{*this};
  End server_{*this};
};

}  // namespace hon::httputil::internal
