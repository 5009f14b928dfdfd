// Bodies on their way through a proxy.

#include "httputil/passage.h"

#include <array>
#include <string>
#include <thread>

#include "httputil/proxy_fixture.h"

namespace hon {
namespace {

using test::Answer;
using test::ScriptedConn;
using test::ScriptedServer;
using test::WirePeer;

class Passage : public test::ProxyTest {};

std::string Numbers(size_t size) {
  std::string text;
  for (size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + " ";
  text.resize(size);
  return text;
}

// Blocks are passed on as they are, from chunks to chunks and by a length.
TEST_P(Passage, BodiesOfAnySizeComeThroughBothWays) {
  const ScriptedServer back([&](ScriptedConn& conn) {
    for (;;) {
      const std::string head = conn.ReadHead();
      if (head.empty()) return;
      const size_t at = head.find("Content-Length: ");
      std::string body;
      if (at != std::string::npos) {
        body = conn.ReadExactly(std::stoul(head.substr(at + 16)));
      } else {
        for (;;) {
          const size_t size = std::stoul(conn.ReadUntil("\r\n"), nullptr, 16);
          body += conn.ReadExactly(size);
          conn.ReadExactly(2);
          if (size == 0) break;
        }
      }
      std::string answer = "HTTP/1.1 200 OK\r\n";
      if (head.starts_with("PUT")) {
        answer += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
      } else {
        answer += "Transfer-Encoding: chunked\r\n\r\n";
        for (size_t part = 1; !body.empty(); part = 3 * part) {
          const size_t size = std::min(part, body.size());
          std::array<char, 20> digits;
          const int n = std::snprintf(digits.data(), digits.size(), "%zx", size);
          answer.append(digits.data(), static_cast<size_t>(n)).append("\r\n");
          answer.append(body, 0, size).append("\r\n");
          body.erase(0, size);
        }
        answer += "0\r\n\r\n";
      }
      conn.Send(answer);
    }
  });
  To(back.Url());
  WirePeer peer(Serve());
  for (const size_t size : {1UL, 2047UL, 4095UL, 4096UL, 40'000UL, 1'000'000UL}) {
    const std::string body = Numbers(size);
    for (const std::string method : {"PUT", "POST"}) {
      const std::string length = "Content-Length: " + std::to_string(size) + "\r\n\r\n";
      const std::string by_length = method + " / HTTP/1.1\r\nHost: a\r\n" + length + body;
      std::thread sender([&] { EXPECT_TRUE(peer.Send(by_length)); });
      const Answer answer = peer.ReadAnswer();
      sender.join();
      EXPECT_EQ(answer.status, 200);
      EXPECT_TRUE(answer.complete);
      EXPECT_TRUE(answer.body == body) << method << " " << size;
    }
    std::array<char, 20> digits;
    std::snprintf(digits.data(), digits.size(), "%zx", size);
    const std::string chunks = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
                               std::string(digits.data()) + "\r\n" + body + "\r\n0\r\n\r\n";
    std::thread sender([&] { EXPECT_TRUE(peer.Send(chunks)); });
    EXPECT_TRUE(peer.ReadAnswer().body == body) << "chunks " << size;
    sender.join();
  }
  Stop();
  proxy_.Transport.reset();
}

HON_INSTANTIATE_BACKENDS(Passage);

}  // namespace
}  // namespace hon
