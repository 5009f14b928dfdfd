// Endpoints that give what one client sends to all: a hub of WebSockets, and a stream of events.

#include <memory>
#include <string>
#include <utility>

#include "endpoints.h"
#include "hon/http/reply.h"
#include "hon/sse/broadcaster.h"
#include "hon/websocket/hub.h"
#include "hon/websocket/upgrader.h"
#include "text.h"

namespace hon::wire {
namespace {

constexpr size_t kEventBytesMax = size_t{1} << 16;

class Joins final : public websocket::ConnHandler {
 public:
  void OnOpen(websocket::Conn& conn) override { hub_.Subscribe(conn, "all"); }
  void OnMessage(websocket::Conn&, websocket::MessageType type, std::string_view data) override {
    const Error err = hub_.Publish("all", type, data);
    static_cast<void>(err);  // a text that is not UTF-8
  }

 private:
  websocket::Hub hub_;
};

void Publish(sse::Broadcaster& events, http::ResponseWriter& w, http::Request& r) {
  const Result<std::string> body = r.Body.ReadAll(kEventBytesMax);
  if (!body || events.Publish({.data = *body})) return http::ReplyError(w, "no event", 400);
  Text(w, std::to_string(events.Subscribers()));
}

}  // namespace

void RegisterBroadcasts(http::ServeMux& mux) {
  websocket::UpgraderOptions options;
  options.conn.deflate.enabled = true;
  options.conn.deflate.threshold_bytes = 64;
  const auto upgrader = std::make_shared<websocket::Upgrader>(std::move(options));
  const auto joins = std::make_shared<Joins>();
  mux.HandleFunc("/hub", [upgrader, joins](http::ResponseWriter& w, http::Request& r) {
    const Error err = upgrader->Upgrade(w, r, joins);
    static_cast<void>(err);  // Upgrade has answered
  });
  const auto events = std::make_shared<sse::Broadcaster>();
  mux.Handle("GET /broadcast", events);
  mux.HandleFunc("POST /broadcast",
                 [events](http::ResponseWriter& w, http::Request& r) { Publish(*events, w, r); });
}

}  // namespace hon::wire
