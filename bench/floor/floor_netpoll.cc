// The floor's answer over netpoll: the cost of a loop and its connections without any HTTP. usage:
// hon_floor_netpoll [--backend NAME] [--echo BYTES] [--port] PORT

#include <cstdio>
#include <string>
#include <vector>

#include "floor.h"
#include "hon/netpoll/connection.h"
#include "hon/netpoll/listener.h"
#include "hon/netpoll/loop.h"

namespace {

using hon::netpoll::CloseHow;
using hon::netpoll::Connection;

class Answering final : public hon::netpoll::EventHandler {
 public:
  explicit Answering(size_t echo_bytes) : answers_(echo_bytes) {}
  void OnRequest(Connection& c) override {
    hon::io::LinkBuffer& in = c.Reader();
    while (!in.Empty()) {
      const std::string_view front = in.Front();
      if (const std::string_view answer = answers_.To(front); !answer.empty()) {
        c.Writer().Write(answer);
        c.FlushLater();
      }
      if (in.Skip(front.size())) break;
    }
    if (c.InputEnded()) c.Close(CloseHow::kGraceful);
  }

 private:
  hon::floor::Answers answers_;
};

int Report(const hon::Error& why) {
  std::fprintf(stderr, "hon_floor_netpoll: %s\n", why.Message().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace hon::netpoll;
  const auto backend = ParseBackend(hon::floor::TextArgument(argc, argv, "--backend", "auto"));
  if (!backend) return Report(backend.error());
  auto loop = Loop::Create({.backend = *backend});
  if (!loop) return Report(loop.error());
  const int port = hon::floor::PortArgument(argc, argv);
  auto socket = ListenSocket::Listen("127.0.0.1:" + std::to_string(port));
  if (!socket) return Report(socket.error());
  Answering handler(hon::floor::EchoArgument(argc, argv));
  const auto listener =
      Listener::Start(**loop, std::move(*socket), {{.loop = loop->get(), .handler = &handler}});
  if (!listener) return Report(listener.error());
  (*loop)->Run();
  return 0;
}
