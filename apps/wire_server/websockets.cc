// Endpoints that leave HTTP for WebSockets: the same echo in both styles.

#include <memory>
#include <string>

#include "endpoints.h"
#include "hon/websocket/upgrader.h"

namespace hon::wire {
namespace {

websocket::UpgraderOptions Options() {
  websocket::UpgraderOptions options;
  options.conn.message_bytes_max = size_t{16} << 20;
  options.conn.deflate.enabled = true;
  options.conn.deflate.threshold_bytes = 64;
  options.conn.deflate.send_takeover = true;
  options.conn.deflate.receive_takeover = true;
  options.subprotocols = {"echo", "chat"};
  return options;
}

void Echo(websocket::Upgrader& upgrader, http::ResponseWriter& w, http::Request& r) {
  Result<websocket::Conn> conn = upgrader.Upgrade(w, r);
  if (!conn) return;
  std::string data;
  while (const auto type = conn->ReadMessage(data)) {
    if (conn->WriteMessage(*type, data)) return;
  }
}

class EchoEvents final : public websocket::ConnHandler {
 public:
  void OnMessage(websocket::Conn& conn, websocket::MessageType type,
                 std::string_view data) override {
    const Error err = conn.WriteMessage(type, data);
    static_cast<void>(err);  // the connection is closing
  }
};

}  // namespace

void RegisterWebSockets(http::ServeMux& mux) {
  const auto upgrader = std::make_shared<websocket::Upgrader>(Options());
  mux.HandleFunc("/ws",
                 [upgrader](http::ResponseWriter& w, http::Request& r) { Echo(*upgrader, w, r); });
  const auto events = std::make_shared<EchoEvents>();
  mux.HandleFunc("/ws-events", [upgrader, events](http::ResponseWriter& w, http::Request& r) {
    const Error err = upgrader->Upgrade(w, r, events);
    static_cast<void>(err);  // Upgrade has answered
  });
}

}  // namespace hon::wire
