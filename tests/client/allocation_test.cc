#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "client/counting_server.h"
#include "hon/client/transport.h"
#include "hon/h2/frame.h"
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

// Answers the requests of one connection of HTTP/2, each of which is a HEADERS frame, without
// taking memory.
void ServeFixedHttp2(int listener) {
  constexpr size_t kPreface = 24;
  static constexpr std::string_view kHead("\0\0\1\1\4\0\0\0\0\x88", 10);
  static constexpr std::string_view kData("\0\0\2\0\1\0\0\0\0ok", 11);
  const int fd = accept(listener, nullptr, nullptr);
  std::array<char, 65536> input;
  size_t filled = 0;
  size_t skip = kPreface;
  std::array<char, kHead.size() + kData.size()> answer;
  kHead.copy(answer.data(), kHead.size());
  kData.copy(answer.data() + kHead.size(), kData.size());
  h2::WriteFrameHeader(input.data(), {0, h2::FrameType::kSettings, 0, 0});
  send(fd, input.data(), h2::kFrameHeaderBytes, MSG_NOSIGNAL);
  h2::WriteFrameHeader(input.data(), {0, h2::FrameType::kSettings, h2::kFlagAck, 0});
  send(fd, input.data(), h2::kFrameHeaderBytes, MSG_NOSIGNAL);
  for (;;) {
    const ssize_t n = recv(fd, input.data() + filled, input.size() - filled, 0);
    if (n <= 0) break;
    filled += static_cast<size_t>(n);
    if (filled < skip) continue;
    size_t at = std::exchange(skip, 0);
    while (filled - at >= h2::kFrameHeaderBytes) {
      const h2::FrameHeader frame = h2::ReadFrameHeader(input.data() + at);
      if (filled - at < h2::kFrameHeaderBytes + frame.length) break;
      at += h2::kFrameHeaderBytes + frame.length;
      if (frame.type != h2::FrameType::kHeaders) continue;
      h2::WriteFrameHeader(answer.data(),
                           {1, h2::FrameType::kHeaders, h2::kFlagEndHeaders, frame.stream});
      h2::WriteFrameHeader(answer.data() + kHead.size(),
                           {2, h2::FrameType::kData, h2::kFlagEndStream, frame.stream});
      send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
    std::copy(input.data() + at, input.data() + filled, input.data());
    filled -= at;
  }
  close(fd);
}

// The memory of an exchange and of the fields of its Response is used again.
size_t TakenByWarmRequests(const TransportOptions& options, void (*serve)(int listener)) {
  const test::LoopbackListener listener(1);
  std::thread server([&listener, serve] { serve(listener.Fd()); });
  const std::string url = "http://" + listener.Address() + "/";
  constexpr size_t kRequests = 100;
  size_t taken = 0;
  test::OnFiber([&] {
    http::Client client{.Transport = std::make_shared<Transport>(options)};
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
  return taken;
}

TEST(Allocations, OfAWarmRequestAreNone) {
  EXPECT_EQ(TakenByWarmRequests({}, ServeFixedAnswers), 0U);
}

TEST(Allocations, OfAWarmRequestOverHttp2AreNone) {
  TransportOptions options;
  options.Protocols.SetUnencryptedHTTP2(true);
  EXPECT_EQ(TakenByWarmRequests(options, ServeFixedHttp2), 0U);
}

}  // namespace
}  // namespace hon::client
