// The end of a server under load, and while a handler holds its loop.

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/eventually.h"
#include "support/test_server.h"

namespace hon {
namespace {

using test::Answer;
using test::kGet;
using test::WirePeer;
using namespace std::chrono_literals;

// How one request on a connection of its own ends.
enum class Fate : uint8_t { kAnswered, kRefused, kLost };

Fate AskOnce(const std::string& address) {
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // A connect whose SYN is dropped would be repeated after a second.
  timeval wait = {.tv_sec = 0, .tv_usec = 300'000};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  wait = {.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  Fate fate = Fate::kRefused;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) {
    fate = Fate::kLost;
    std::string got;
    std::array<char, 1024> bytes;
    if (::send(fd, kGet.data(), kGet.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(kGet.size())) {
      while (!got.ends_with("hello")) {
        const ssize_t n = ::recv(fd, bytes.data(), bytes.size(), 0);
        if (n <= 0) break;
        got.append(bytes.data(), static_cast<size_t>(n));
      }
    }
    if (got.ends_with("hello")) fate = Fate::kAnswered;
  }
  ::close(fd);
  return fate;
}

class EndTest : public test::BackendTest {
 protected:
  EndTest() {
    mux_.HandleFunc("/", [](http::ResponseWriter& w, http::Request&) { w.Write("hello"); });
  }
  static std::string Get(std::string_view path) {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: t\r\n\r\n";
  }
  bool Running(int handlers) {
    return test::Eventually([&] { return running_ == handlers; });
  }

  http::ServeMux mux_;
  test::EventLog log_;
  std::atomic<int> running_{0};
  engine::Engine engine_{mux_, engine::WithEventHook(log_.Hook()), test::SuitePlacement()};
};

// A connection that the kernel has accepted is served, whenever the shutdown begins.
TEST_P(EndTest, ShutdownLosesNoConnectionThatIsQueued) {  // D-041
  for (int round = 0; round < 3; ++round) {
    test::TestServer server(engine_, GetParam(), server::WithLoops(2));
    std::atomic<int> answered{0};
    std::atomic<int> lost{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([&] {
        for (Fate fate = Fate::kAnswered; fate != Fate::kRefused;) {
          fate = AskOnce(server.Address());
          answered += fate == Fate::kAnswered ? 1 : 0;
          lost += fate == Fate::kLost ? 1 : 0;
        }
      });
    }
    EXPECT_TRUE(test::Eventually([&] { return answered >= 100; }));
    EXPECT_FALSE(server.Get().Shutdown(appcontext::Background()));
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(lost, 0);
  }
}

// Listening ends where a handler holds the only loop, too.
TEST_P(EndTest, ShutdownRefusesNewConnectionsWhileALoopIsHeld) {
  std::atomic<bool> holding{true};
  mux_.HandleFunc("/held", [&](http::ResponseWriter& w, http::Request&) {
    ++running_;
    while (holding) std::this_thread::sleep_for(1ms);
    --running_;
    w.Write("held");
  });
  engine::Engine engine(mux_, engine::WithEventHook(log_.Hook()),
                        engine::WithPlacement(engine::kInline),
                        engine::WithStallTime(kUnlimited));  // no standby loop helps
  test::TestServer server(engine, GetParam());
  WirePeer holder(server.Address());
  ASSERT_TRUE(holder.Send(Get("/held")));
  ASSERT_TRUE(Running(1));
  for (const bool close : {false, true}) {
    if (close) {
      EXPECT_FALSE(server.Get().Close());  // returns though the loop is held
    } else {
      const auto grace = appcontext::WithTimeout(appcontext::Background(), 50ms);
      EXPECT_TRUE(server.Get().Shutdown(grace.context).Is(appcontext::ErrDeadlineExceeded));
    }
    EXPECT_EQ(running_, 1);
    EXPECT_THROW(WirePeer(server.Address()), std::runtime_error);
  }
  holding = false;
  EXPECT_TRUE(Running(0));
}

TEST_P(EndTest, AnIdleConnectionMayBringOneMoreRequest) {
  test::TestServer server(engine_, GetParam(), server::WithIdleGrace(10s));
  WirePeer idle(server.Address());
  ASSERT_TRUE(idle.Send(kGet));
  EXPECT_FALSE(idle.ReadAnswer().Has("Connection"));
  std::thread stopper([&] { EXPECT_FALSE(server.Get().Shutdown(appcontext::Background())); });
  EXPECT_TRUE(test::Eventually([&] { return AskOnce(server.Address()) == Fate::kRefused; }));
  // The loop of the connection may learn of the shutdown after the listener is closed.
  std::string connection;
  while (connection != "close") {
    ASSERT_TRUE(idle.Send(kGet));
    const Answer answer = idle.ReadAnswer();
    ASSERT_EQ(answer.body, "hello");
    connection = answer.Get("Connection");
  }
  EXPECT_TRUE(idle.ExpectEnd());
  stopper.join();  // the grace ends with the last connection
}

HON_INSTANTIATE_BACKENDS(EndTest);

}  // namespace
}  // namespace hon
