// A chat over WebSocket: every message goes to all clients.
//
//     c++ -std=c++20 chat.cc -o chat $(pkg-config --cflags --libs hon)
//     ./chat 127.0.0.1:8080
//
// In a browser, on a page of this server or of none:
//     socket = new WebSocket("ws://127.0.0.1:8080/chat")
//     socket.onmessage = (event) => console.log(event.data); socket.send("hello")

#include <hon/http/serve_mux.h>
#include <hon/server/server.h>
#include <hon/websocket/hub.h>
#include <hon/websocket/upgrader.h>

#include <cstdio>

namespace http = hon::http;
namespace websocket = hon::websocket;

namespace {

class Room {
 public:
  // A handler that reads in a loop: its fiber is suspended while no message comes.
  void Chat(http::ResponseWriter& w, http::Request& r) {
    hon::Result<websocket::Conn> conn = upgrader_.Upgrade(w, r);
    if (!conn) return;              // Upgrade has answered
    hub_.Subscribe(*conn, "room");  // until the connection ends
    while (hon::Result<websocket::Message> message = conn->ReadMessage()) {
      if (hub_.Publish("room", message->type, message->data)) break;
    }
  }

 private:
  // A client that does not keep up is cut, and holds up no other client.
  websocket::Upgrader upgrader_{
      {.conn = {.message_bytes_max = 4096, .slow = websocket::Slow::kClose}}};
  websocket::Hub hub_;
};

}  // namespace

int main(int argc, char** argv) {
  Room room;
  http::ServeMux mux;
  mux.HandleFunc("GET /chat", [&](auto& w, auto& r) { room.Chat(w, r); });
  const hon::Error err = hon::server::ListenAndServe(argc > 1 ? argv[1] : ":8080", mux);
  std::fprintf(stderr, "%s\n", err.Message().c_str());
  return 1;
}
