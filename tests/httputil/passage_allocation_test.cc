// The memory that a request through a proxy takes.

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <thread>

#include "httputil/proxy_fixture.h"
#include "support/allocation_counter.h"
#include "support/loopback_listener.h"

namespace hon {
namespace {

using test::WirePeer;

class PassageMemory : public test::ProxyTest {};

// Answers each request of a connection without taking memory.
void ServeFixedAnswers(int listener) {
  static constexpr std::string_view kAnswer =
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Back: 1\r\n\r\nok";
  const int fd = accept(listener, nullptr, nullptr);
  std::array<char, 4096> request;
  while (recv(fd, request.data(), request.size(), 0) > 0) {
    if (send(fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) < 0) break;
  }
  close(fd);
}

TEST_P(PassageMemory, AWarmRequestTakesNoMemory) {
  const test::LoopbackListener listener(1);
  std::thread back([&listener] { ServeFixedAnswers(listener.Fd()); });
  const url::URL target = *url::Parse("http://" + listener.Address());
  proxy_.Rewrite = [&target](httputil::ProxyRequest& r) {
    r.SetURL(target);
    r.SetXForwarded();
  };
  constexpr size_t kRequests = 100;
  size_t taken = 0;
  {
    WirePeer peer(Serve());
    const std::string request =
        Get("/path/of/a/page?query=1", "User-Agent: test\r\nAccept: */*\r\n");
    std::array<char, 1024> answer;
    const auto ask = [&] {
      ASSERT_EQ(send(peer.Fd(), request.data(), request.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(request.size()));
      for (std::string_view got; !got.ends_with("\r\n\r\nok");) {
        const ssize_t n = recv(peer.Fd(), answer.data(), answer.size(), 0);
        if (n < 0 && errno == EINTR) continue;  // by io_uring's work for this thread
        ASSERT_GT(n, 0) << errno;
        got = {answer.data(), static_cast<size_t>(n)};
      }
    };
    for (int i = 0; i < 10; ++i) ask();
    const size_t before = test::Allocations();
    for (size_t i = 0; i < kRequests; ++i) ask();
    taken = test::Allocations() - before;
  }
  Stop();
  proxy_.Transport.reset();
  back.join();
  EXPECT_EQ(taken, 0U) << "for " << kRequests << " requests";
}

HON_INSTANTIATE_BACKENDS(PassageMemory);

}  // namespace
}  // namespace hon
