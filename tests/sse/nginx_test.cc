// Streams behind nginx with its default proxy settings, which buffer answers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "hon/sse/broadcaster.h"
#include "sse/read_events.h"
#include "support/eventually.h"
#include "support/temp_dir.h"
#include "support/test_server.h"

namespace hon::sse {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

std::optional<std::string> FindNginx() {
  for (const char* path : {"/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"}) {
    if (std::filesystem::exists(path)) return path;
  }
  return std::nullopt;
}

/// A port of the loopback that only a program which asks for SO_REUSEPORT, as this socket does, can
/// listen on: nobody else takes it before nginx does.
class SharedPort {
 public:
  SharedPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int one = 1;
    EXPECT_EQ(::setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one), 0);
    at_.sin_family = AF_INET;
    at_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at_;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at_), size), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&at_), &size), 0);
  }
  SharedPort(const SharedPort&) = delete;
  SharedPort& operator=(const SharedPort&) = delete;
  ~SharedPort() { ::close(fd_); }

  [[nodiscard]] std::string Address() const {
    return "127.0.0.1:" + std::to_string(ntohs(at_.sin_port));
  }

 private:
  int fd_;
  sockaddr_in at_{};
};

/// nginx as one process in front of `upstream`, with no proxy setting but the target.
class Nginx {
 public:
  Nginx(const std::string& program, const std::string& upstream) {
    const std::string folder = folder_.Path();
    std::ofstream file(folder + "/nginx.conf");
    file << "daemon off; master_process off; pid " << folder << "/pid; error_log " << folder
         << "/error; events {} http { access_log off;";
    for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
      file << " " << kind << "_temp_path " << folder << "/" << kind << ";";
    }
    file << " server { listen " << port_.Address() << " reuseport; location / { proxy_pass http://"
         << upstream << "; } } }";
    file.close();
    const std::string config = folder + "/nginx.conf";
    const std::string log = folder + "/error";
    const char* arguments[] = {program.c_str(), "-c", config.c_str(), "-e",
                               log.c_str(),     "-p", folder.c_str(), nullptr};
    EXPECT_EQ(::posix_spawn(&process_, program.c_str(), nullptr, nullptr,
                            const_cast<char**>(arguments), environ),
              0);
  }
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;
  ~Nginx() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }

  /// A connection, once nginx listens.
  test::WirePeer Connect() const {
    std::optional<test::WirePeer> peer;
    EXPECT_TRUE(test::Eventually([&] {
      try {
        peer.emplace(port_.Address());
      } catch (const std::runtime_error&) {
        return false;
      }
      return true;
    }));
    return std::move(peer).value();
  }

 private:
  support::TempDir folder_;
  SharedPort port_;
  pid_t process_ = 0;
};

class NginxTest : public test::BackendTest {};

TEST_P(NginxTest, EachEventArrivesAtOnce) {
  const std::optional<std::string> program = FindNginx();
  if (!program)
    GTEST_SKIP() << "HON_TEST_SKIPPED: nginx is not installed (./dev bench installs it)";
  Broadcaster news({.writer = {.heartbeat = kUnlimited}});
  http::ServeMux mux;
  mux.Handle("/news", news);
  mux.HandleFunc("/clock", [](http::ResponseWriter& w, http::Request& r) {
    Result<Writer> stream = Writer::Start(w, r, {.heartbeat = kUnlimited});
    if (!stream) return;
    EXPECT_FALSE(stream->Send("tick"));
    EXPECT_TRUE(stream->Wait(1h));  // until the client leaves
  });
  engine::Engine engine(mux, test::SuitePlacement());
  test::TestServer server(engine, GetParam());
  const Nginx nginx(*program, server.Address());

  test::WirePeer clock = nginx.Connect();
  ASSERT_TRUE(clock.Send("GET /clock HTTP/1.1\r\nHost: t\r\n\r\n"));
  const std::string head = clock.ReadThrough("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
  EXPECT_NE(head.find("Cache-Control: no-cache, no-transform\r\n"), std::string::npos) << head;
  EXPECT_THAT(test::ReadEvents(clock, 1).Events(),
              ElementsAre(test::SeenEvent{"message", "tick", ""}));
  clock.Close();

  test::WirePeer subscriber = nginx.Connect();
  ASSERT_TRUE(subscriber.Send("GET /news HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_TRUE(subscriber.ReadThrough("\r\n\r\n").starts_with("HTTP/1.1 200 "));
  for (const char* text : {"one", "two"}) {
    ASSERT_FALSE(news.Publish({.data = text, .id = text}));
    EXPECT_THAT(test::ReadEvents(subscriber, 1).Events(),
                ElementsAre(test::SeenEvent{"message", text, text}));
  }
}

HON_INSTANTIATE_BACKENDS(NginxTest);

}  // namespace
}  // namespace hon::sse
