#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <thread>

#include "hon/client/transport.h"
#include "hon/fiber/fiber.h"
#include "hon/http/client.h"
#include "support/allocation_counter.h"

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
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  std::thread server([listener] { ServeFixedAnswers(listener); });
  const std::string url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  constexpr size_t kRequests = 100;
  size_t taken = 0;
  {
    Result<std::unique_ptr<netpoll::Loop>> loop = netpoll::Loop::Create({});
    ASSERT_TRUE(loop);
    fiber::Scheduler scheduler(**loop);
    fiber::Go(
        [&] {
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
          (*loop)->Stop();
        },
        {.scheduler = &scheduler});
    (*loop)->Run();
    while (scheduler.Live() != 0) (*loop)->Turn(std::chrono::milliseconds(1));
  }
  server.join();
  close(listener);
  RecordProperty("taken", static_cast<int>(taken));
  EXPECT_EQ(taken, 0U) << "for " << kRequests << " requests";
}

}  // namespace
}  // namespace hon::client
