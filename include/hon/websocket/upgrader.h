#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hon/http/request.h"
#include "hon/http/response_writer.h"
#include "hon/websocket/conn.h"
#include "hon/websocket/options.h"

namespace hon::websocket {

/// The request was not upgraded. The answer has been sent; the handler only returns.
inline constexpr Sentinel ErrNotUpgraded{"websocket: request was not upgraded"};

struct UpgraderOptions {
  ConnOptions conn{};
  /// Subprotocols in the order of preference; the first that the client offers is agreed on.
  std::vector<std::string> subprotocols{};
  /// Whether a request may be upgraded, by its Origin. Default: a request without an Origin (no
  /// browser sent it), or with the Origin of the request's host; others are answered 403.
  std::function<bool(const http::Request&)> check_origin{};
  /// Fields of each 101, in addition to those in w.Header().
  std::vector<std::pair<std::string, std::string>> header{};
};

/// Upgrades requests to WebSockets (RFC 6455 §4.2). Make one and use it for all requests: it holds
/// the state that connections share. Any thread; need not outlive its connections.
///
///     websocket::Upgrader up;
///     mux.HandleFunc("/ws", [&](http::ResponseWriter& w, http::Request& r) {
///       auto conn = up.Upgrade(w, r);
///       if (!conn) return;
///       while (auto message = conn->ReadMessage()) {
///         if (conn->WriteMessage(message->type, message->data)) return;
///       }
///     });
class Upgrader {
 public:
  explicit Upgrader(UpgraderOptions options = {});
  ~Upgrader();

  /// Answers 101 and returns the connection, to be read in a loop. On failure the request has been
  /// answered (400, 403, 405, 426), and the error has the reason: ErrNotUpgraded, or the error of
  /// http::ResponseWriter::Upgrade. Within a writer that cannot upgrade, such as
  /// http::TimeoutHandler's, the error is http::ErrNotSupported, and the answer is 500 with a text
  /// that names the writer. When the server shuts down, the peer gets a close frame (1001, or 1012
  /// where a successor serves: server::Server::StartSuccessor) and the reader ErrClosed.
  Result<Conn> Upgrade(http::ResponseWriter& w, http::Request& r);
  /// As above, with the callbacks of `handler` in place of a reader; the HTTP handler returns,
  /// which ends its fiber.
  Error Upgrade(http::ResponseWriter& w, http::Request& r, std::shared_ptr<ConnHandler> handler);

 private:
  struct Setup;
  Result<std::shared_ptr<Session>> Begin(http::ResponseWriter& w, http::Request& r,
                                         std::shared_ptr<ConnHandler> handler);

  UpgraderOptions options_;
  std::shared_ptr<const Setup> setup_;
};

}  // namespace hon::websocket
