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

/// The request was not upgraded: it has been answered, the handler only returns.
inline constexpr Sentinel ErrNotUpgraded{"websocket: request was not upgraded"};

struct UpgraderOptions {
  ConnOptions conn{};
  /// Subprotocols in the order of preference; the first that the client offers is agreed on.
  std::vector<std::string> subprotocols{};
  /// Whether a request may be upgraded, by its Origin. Default: when it has none (no browser sent
  /// it) or names the host that the request went to; other sites are answered 403.
  std::function<bool(const http::Request&)> check_origin{};
  /// Fields of each 101, beside those that the handler has set in w.Header().
  std::vector<std::pair<std::string, std::string>> header{};
};

/// Makes WebSockets of requests (RFC 6455 §4.2). Make one and use it for all of them: what its
/// connections can share hangs on it. Any thread; need not outlive them.
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

  /// Answers 101 and gives the connection, to be read in a loop. Otherwise the request has been
  /// answered (400, 403, 405, 426) and the error says why: ErrNotUpgraded, or what
  /// http::ResponseWriter::Upgrade gave.
  /// Within a writer that cannot upgrade, as http::TimeoutHandler's, it is http::ErrNotSupported,
  /// and the request has been answered 500 with a text that names the writer.
  /// When the server shuts down, the peer is told (1001) and the reader gets ErrClosed.
  Result<Conn> Upgrade(http::ResponseWriter& w, http::Request& r);
  /// Gives the connection to `handler` instead, which is called from now on; the HTTP handler
  /// returns and takes its fiber with it.
  Error Upgrade(http::ResponseWriter& w, http::Request& r, std::shared_ptr<EventHandler> handler);

 private:
  struct Setup;
  Result<std::shared_ptr<Session>> Begin(http::ResponseWriter& w, http::Request& r,
                                         std::shared_ptr<EventHandler> handler);

  UpgraderOptions options_;
  std::shared_ptr<const Setup> setup_;
};

}  // namespace hon::websocket
