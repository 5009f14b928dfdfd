#include "hon/client/transport.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "hon/client/trace.h"
#include "hon/fiber/fiber.h"
#include "hon/http/client.h"
#include "hon/http/replay.h"
#include "support/eventually.h"

namespace hon::client {
namespace {

// Answers each request on loopback with the number of its connection; reads bodies by their
// Content-Length.
class CountingServer {
 public:
  CountingServer() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 64), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~CountingServer() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    for (std::thread& one : threads_) one.join();
  }
  [[nodiscard]] std::string Url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/";
  }
  [[nodiscard]] int Connections() const { return connections_; }
  [[nodiscard]] int Open() const { return open_; }

 private:
  void Accept() {
    for (;;) {
      const int fd = accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      const int number = ++connections_;
      ++open_;
      threads_.emplace_back([this, fd, number] {
        Serve(fd, number);
        close(fd);
        --open_;
      });
    }
  }

  static void Serve(int fd, int number) {
    std::string received;
    std::array<char, 65536> part;
    for (;;) {
      size_t end = 0;
      while ((end = received.find("\r\n\r\n")) == std::string::npos) {
        const ssize_t n = recv(fd, part.data(), part.size(), 0);
        if (n <= 0) return;
        received.append(part.data(), static_cast<size_t>(n));
      }
      size_t body = 0;
      const size_t length = received.find("Content-Length: ");
      if (length < end) body = static_cast<size_t>(std::stoul(received.substr(length + 16)));
      while (received.size() < end + 4 + body) {
        const ssize_t n = recv(fd, part.data(), part.size(), 0);
        if (n <= 0) return;
        received.append(part.data(), static_cast<size_t>(n));
      }
      received.erase(0, end + 4 + body);
      const std::string text = std::to_string(number);
      const std::string answer =
          "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
      if (send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
    }
  }

  int listener_;
  uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<int> open_{0};
  std::thread acceptor_;
  std::vector<std::thread> threads_;
};

// Runs `function` on a fiber of a loop of its own.
void OnFiber(const std::function<void()>& function) {
  auto loop = netpoll::Loop::Create({});
  ASSERT_TRUE(loop);
  fiber::Scheduler scheduler(**loop);
  fiber::Go(
      [&] {
        function();
        (*loop)->Stop();
      },
      {.scheduler = &scheduler});
  (*loop)->Run();
  while (scheduler.Live() != 0) (*loop)->Turn(std::chrono::milliseconds(1));
}

std::string Ask(http::Client& client, const std::string& url) {
  Result<http::Response> answer = client.Get(url);
  if (!answer) return answer.error().Message();
  return answer->Body.ReadAll().value_or("unreadable");
}

TEST(Transport, ThreadsShareTheConnectionsOfOneLoop) {
  CountingServer server;
  auto transport = std::make_shared<Transport>();
  http::Client client{.Transport = transport};
  EXPECT_EQ(Ask(client, server.Url()), "1");
  EXPECT_EQ(Ask(client, server.Url()), "1");
  std::thread([&] { EXPECT_EQ(Ask(client, server.Url()), "1"); }).join();
  EXPECT_EQ(transport->IdleConnections(), 1U);
  client.CloseIdleConnections();
  EXPECT_TRUE(test::Eventually([&] { return transport->IdleConnections() == 0; }));
  EXPECT_TRUE(test::Eventually([&] { return server.Open() == 0; }));
  EXPECT_EQ(Ask(client, server.Url()), "2");
}

TEST(Transport, FibersHaveTheConnectionsOfTheirLoop) {
  CountingServer server;
  auto transport = std::make_shared<Transport>();
  http::Client client{.Transport = transport};
  OnFiber([&] {
    EXPECT_EQ(Ask(client, server.Url()), "1");
    EXPECT_EQ(Ask(client, server.Url()), "1");
  });
  EXPECT_EQ(transport->IdleConnections(), 0U) << "connections end with their loop";
  OnFiber([&] { EXPECT_EQ(Ask(client, server.Url()), "2"); });
  EXPECT_EQ(Ask(client, server.Url()), "3");
}

TEST(Transport, EndsBeforeItsAnswers) {
  CountingServer server;
  auto transport = std::make_shared<Transport>();
  Result<http::Response> answer = http::Client{.Transport = transport}.Get(server.Url());
  ASSERT_TRUE(answer);
  transport.reset();
  EXPECT_EQ(answer->Body.ReadAll(), "1");
  answer = http::Response();
  EXPECT_TRUE(test::Eventually([&] { return server.Open() == 0; }));
}

TEST(Transport, AThreadsBodyIsReadByTheThread) {
  class OwnThread final : public io::Reader {
   public:
    io::IoResult Read(std::span<char> into) override {
      EXPECT_EQ(std::this_thread::get_id(), thread_);
      if (left_ == 0) return {0, io::ErrEof};
      const size_t n = std::min(into.size(), left_);
      std::fill_n(into.begin(), n, 'x');
      left_ -= n;
      return {n, {}};
    }

   private:
    std::thread::id thread_ = std::this_thread::get_id();
    size_t left_ = 300'000;
  };
  CountingServer server;
  http::Client client{.Transport = std::make_shared<Transport>()};
  Result<http::Response> answer = client.Post(
      server.Url(), "text/plain", http::ReaderBody(std::make_shared<OwnThread>(), 300'000));
  ASSERT_TRUE(answer) << answer.error().Message();
  EXPECT_EQ(answer->Body.ReadAll(), "1");
}

TEST(Transport, ACallbackOfALoopMayNotBlockIt) {
  auto loop = netpoll::Loop::Create({});
  ASSERT_TRUE(loop);
  Transport transport;
  Error err;
  (*loop)->Post([&] {
    http::Request request = *http::NewRequest("GET", "http://127.0.0.1:1/");
    err = transport.RoundTrip(request).error();
  });
  (*loop)->Turn({});
  (*loop)->Turn({});
  EXPECT_TRUE(err);
}

TEST(Transport, TheTraceTellsWhatHappens) {
  CountingServer server;
  http::Client client{.Transport = std::make_shared<Transport>()};
  auto trace = std::make_shared<ClientTrace>();
  std::vector<std::string> events;
  trace->GetConn = [&](std::string_view) { events.emplace_back("GetConn"); };
  trace->DNSStart = [&](std::string_view) { events.emplace_back("DNSStart"); };
  trace->DNSDone = [&](const Error&) { events.emplace_back("DNSDone"); };
  trace->ConnectStart = [&](std::string_view) { events.emplace_back("ConnectStart"); };
  trace->ConnectDone = [&](std::string_view, const Error&) { events.emplace_back("ConnectDone"); };
  trace->GotConn = [&](const GotConnInfo& info) {
    events.emplace_back(info.Reused ? "GotConn again" : "GotConn");
  };
  trace->WroteHeaders = [&](std::string_view) { events.emplace_back("WroteHeaders"); };
  trace->GotFirstResponseByte = [&] { events.emplace_back("GotFirstResponseByte"); };
  trace->PutIdleConn = [&](const Error&) { events.emplace_back("PutIdleConn"); };
  for (int i = 0; i < 2; ++i) {
    Result<http::Request> request =
        http::NewRequestWithContext(WithClientTrace({}, trace), "GET", server.Url());
    Result<http::Response> answer = client.Do(*request);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->Body.ReadAll());
  }
  EXPECT_EQ(events, (std::vector<std::string>{
                        "GetConn", "DNSStart", "DNSDone", "ConnectStart", "ConnectDone", "GotConn",
                        "WroteHeaders", "GotFirstResponseByte", "PutIdleConn", "GetConn",
                        "GotConn again", "WroteHeaders", "GotFirstResponseByte", "PutIdleConn"}));
}

TEST(Transport, CancellingEndsARequestInEachPhase) {
  CountingServer server;
  http::Client client{.Transport = std::make_shared<Transport>()};
  for (const bool before : {true, false}) {
    auto [context, cancel] = appcontext::WithCancel({});
    if (before) cancel();
    auto trace = std::make_shared<ClientTrace>();
    trace->WroteHeaders = [&, stop = cancel](std::string_view) { stop(); };
    Result<http::Request> request =
        http::NewRequestWithContext(WithClientTrace(context, trace), "GET", server.Url());
    const Error err = client.Do(*request).error();
    EXPECT_EQ(http::KindOf(err), http::ErrorKind::kCanceled) << err.Message();
    EXPECT_TRUE(test::Eventually([&] { return server.Open() == 0; }));
  }
}

TEST(Transport, HasALimitForEveryWait) {
  const TransportOptions options;
  EXPECT_EQ(options.ResponseHeaderTimeout, std::chrono::seconds(60));
  EXPECT_LT(options.DialTimeout, kUnlimited);
  EXPECT_LT(options.TLSHandshakeTimeout, kUnlimited);
  EXPECT_LT(options.IdleConnTimeout, kUnlimited);
  CountingServer server;
  auto transport = std::make_shared<Transport>();
  http::Client client{.Transport = transport};
  std::vector<Result<http::Response>> held;
  for (int i = 0; i < 3; ++i) held.push_back(client.Get(server.Url()));
  held.clear();
  EXPECT_EQ(transport->IdleConnections(), 3U);
}

}  // namespace
}  // namespace hon::client
