#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <thread>

#include "client/counting_server.h"
#include "hon/client/transport.h"
#include "hon/http/client.h"
#include "support/allocation_counter.h"
#include "support/loopback_listener.h"

namespace hon::client {
namespace {

// Answers the requests of one connection without taking memory.
void ServeFixedAnswers(int listener) {
  static constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const int fd = accept(listener, nullptr, nullptr);
  std::array<char, 4096> request;
  while (recv(fd, request.data(), request.size(), 0) > 0) {
    if (send(fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) < 0) break;
  }
  close(fd);
}

// The memory of an exchange and of the fields of its Response is used again.
TEST(Allocations, OfAWarmRequestAreNone) {
  const test::LoopbackListener listener(1);
  std::thread server([&listener] { ServeFixedAnswers(listener.Fd()); });
  const std::string url = "http://" + listener.Address() + "/";
  constexpr size_t kRequests = 100;
  size_t taken = 0;
  test::OnFiber([&] {
    http::Client client{.Transport = std::make_shared<Transport>()};
    http::Request request = *http::NewRequest("GET", url);
    const auto ask = [&] {
      Result<http::Response> answer = client.Do(request);
      ASSERT_TRUE(answer);
      std::array<char, 16> body;
      EXPECT_EQ(answer->Body.Read(body).n, 2U);
    };
    for (int i = 0; i < 5; ++i) ask();
    const size_t before = test::Allocations();
    for (size_t i = 0; i < kRequests; ++i) ask();
    taken = test::Allocations() - before;
  });
  server.join();
  RecordProperty("taken", static_cast<int>(taken));
  EXPECT_EQ(taken, 0U) << "for " << kRequests << " requests";
}

}  // namespace
}  // namespace hon::client
