// hon's side of the comparison: echo at /echo, broadcast at /broadcast, one loop.

#include "hon/server/server.h"

#include <cstdio>
#include <memory>
#include <string>

#include "hon/engine/engine.h"
#include "hon/http/serve_mux.h"
#include "hon/websocket/hub.h"
#include "hon/websocket/upgrader.h"

namespace hon::websocket {
namespace {

class Echo final : public ConnHandler {
 public:
  void OnMessage(Conn& conn, MessageType type, std::string_view data) override {
    const Error err = conn.WriteMessage(type, data);
    static_cast<void>(err);
  }
};

class Room final : public ConnHandler {
 public:
  void OnOpen(Conn& conn) override { hub_.Subscribe(conn, "all"); }
  void OnMessage(Conn&, MessageType type, std::string_view data) override {
    const Error err = hub_.Publish("all", type, data);
    static_cast<void>(err);
  }

 private:
  Hub hub_;
};

int Run(const std::string& port, std::string_view backend_name) {
  UpgraderOptions options;
  options.conn.message_bytes_max = size_t{16} << 20;
  options.conn.deflate.enabled = true;
  Upgrader upgrader(options);
  const auto echo = std::make_shared<Echo>();
  const auto room = std::make_shared<Room>();
  http::ServeMux mux;
  const auto serve = [&](const char* path, std::shared_ptr<ConnHandler> handler) {
    mux.HandleFunc(path, [&upgrader, handler](http::ResponseWriter& w, http::Request& r) {
      const Error err = upgrader.Upgrade(w, r, handler);
      static_cast<void>(err);
    });
  };
  serve("/echo", echo);
  serve("/broadcast", room);
  const auto backend = netpoll::ParseBackend(backend_name);
  if (!backend) return 2;
  engine::Engine engine(mux);
  server::Server server(engine, server::WithBackend(*backend), server::WithLoops(1));
  const Error err = server.Serve("127.0.0.1:" + port);
  std::fprintf(stderr, "%s\n", err.Message().c_str());
  return 1;
}

}  // namespace
}  // namespace hon::websocket

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  return hon::websocket::Run(argv[1], argv[2]);
}
