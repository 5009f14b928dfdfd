// What a service manager says by the environment, and what it is told.

#include "hon/server/supervisor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <string>

#include "hon/base/sanitizer.h"
#include "hon/server/inherited.h"
#include "support/temp_dir.h"
#include "support/test_server.h"

namespace hon::server {
namespace {

using namespace std::chrono_literals;

/// A service manager's end of NOTIFY_SOCKET.
class Supervisor {
 public:
  explicit Supervisor(const std::string& name) {
    sockaddr_un own{};
    own.sun_family = AF_UNIX;
    name.copy(own.sun_path, sizeof(own.sun_path) - 1);
    if (name.front() == '@') own.sun_path[0] = '\0';
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const timeval wait{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&own), size), 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~Supervisor() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(fd_);
  }
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  [[nodiscard]] std::string Next() const {
    std::array<char, 256> text;
    const ssize_t n = ::recv(fd_, text.data(), text.size(), 0);
    return n < 0 ? "" : std::string(text.data(), static_cast<size_t>(n));
  }

 private:
  int fd_;
};

TEST(SupervisorTest, IsToldByTheSocketThatItNames) {
  EXPECT_FALSE(NotifySupervisor("READY=1"));  // nobody listens: no error
  const support::TempDir folder;
  for (const std::string& name :
       {folder.Path() + "/notify", "@hon-notify-" + std::to_string(::getpid())}) {
    const Supervisor supervisor(name);
    EXPECT_FALSE(NotifySupervisor("READY=1\nSTATUS=serves"));
    EXPECT_EQ(supervisor.Next(), "READY=1\nSTATUS=serves");
  }
  for (const std::string& name :
       {std::string("x"), "/" + std::string(108, 'x'), folder.Path() + "/no"}) {
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
    EXPECT_TRUE(NotifySupervisor("READY=1")) << name;
  }
  ::unsetenv("NOTIFY_SOCKET");
}

TEST(SupervisorTest, TheWatchdogHearsOfAHealthyServiceOnly) {
  EXPECT_EQ(WatchdogTime(), kUnlimited);
  const Supervisor supervisor("@hon-watchdog-" + std::to_string(::getpid()));
  ::setenv("WATCHDOG_USEC", "20000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(WatchdogTime(), kUnlimited) << "meant for another process";
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(WatchdogTime(), 20ms);
  for (const char* bad : {"", "-1", "0", "20000x", "99999999999999999999"}) {
    ::setenv("WATCHDOG_USEC", bad, 1);
    EXPECT_EQ(WatchdogTime(), kUnlimited) << bad;
  }
  ::setenv("WATCHDOG_USEC", "20000", 1);
  std::atomic<int> asked{0};
  {
    const auto heartbeat = Heartbeat::Start([&] { return ++asked > 3; });
    ASSERT_TRUE(heartbeat);
    EXPECT_EQ(supervisor.Next(), "WATCHDOG=1");
    EXPECT_GT(asked, 3);
    EXPECT_EQ(supervisor.Next(), "WATCHDOG=1");
  }
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
}

// Runs in a process whose descriptors 3 and 4 are `first` and `second`; whether that was right.
bool InChild(int first, int second, const std::function<bool()>& check) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int a = ::fcntl(first, F_DUPFD, 100);
    const int b = ::fcntl(second, F_DUPFD, 100);
    ::dup2(a, 3);
    ::dup2(b, 4);
    ::_exit(check() ? 0 : 1);
  }
  int status = 1;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

TEST(InheritedSocketsTest, AreThoseOfTheEnvironment) {
  const auto tcp = netpoll::ListenSocket::Listen("127.0.0.1:0");
  const auto unix_socket =
      netpoll::ListenSocket::Listen("unix:@hon-inherited-" + std::to_string(::getpid()));
  ASSERT_TRUE(tcp && unix_socket);
  const auto check = [&](bool for_us) {
    return InChild(tcp->Fd(), unix_socket->Fd(), [&] {
      ::setenv("LISTEN_PID", std::to_string(for_us ? ::getpid() : 1).c_str(), 1);
      ::setenv("LISTEN_FDS", "2", 1);
      ::setenv("LISTEN_FDNAMES", "web:local", 1);
      InheritedSockets inherited = InheritedSockets::FromEnvironment();
      if (std::getenv("LISTEN_FDS") != nullptr || std::getenv("LISTEN_PID") != nullptr)
        return false;
      if (!for_us) return inherited.Left() == 0;
      if (inherited.Left() != 2 || inherited.Take("127.0.0.1:1")) return false;
      const auto web = inherited.Take(tcp->Address());
      const auto local = inherited.Take("unix:" + unix_socket->Address());
      return web && web->IsShared() && local && local->IsUnix() && inherited.Left() == 0 &&
             !inherited.Take(tcp->Address());
    });
  };
  EXPECT_TRUE(check(true));
  EXPECT_TRUE(check(false));
}

// go-systemd's activation.ListenersWithNames: several sockets may have one name, and a descriptor
// without a name is "LISTEN_FD_" and its number.
TEST(InheritedSocketsTest, HaveTheNamesOfTheEnvironment) {
  const auto one = netpoll::ListenSocket::Listen("127.0.0.1:0");
  const auto two = netpoll::ListenSocket::Listen("127.0.0.1:0");
  ASSERT_TRUE(one && two);
  using Names = std::vector<std::string>;
  const auto check = [&](const char* listed, const Names& expected) {
    return InChild(one->Fd(), two->Fd(), [&] {
      ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
      ::setenv("LISTEN_FDS", "2", 1);
      ::unsetenv("LISTEN_FDNAMES");
      if (listed != nullptr) ::setenv("LISTEN_FDNAMES", listed, 1);
      InheritedSockets inherited = InheritedSockets::FromEnvironment();
      if (std::getenv("LISTEN_FDNAMES") != nullptr || inherited.Names() != expected) return false;
      const auto of_first =
          static_cast<size_t>(std::count(expected.begin(), expected.end(), expected[0]));
      const auto taken = inherited.TakeNamed(expected[0]);
      return taken.size() == of_first && taken[0].Address() == one->Address() &&
             inherited.Left() == 2 - of_first && inherited.TakeNamed(expected[0]).empty() &&
             inherited.TakeNamed("").empty();
    });
  };
  EXPECT_TRUE(check("web:local", {"web", "local"}));
  EXPECT_TRUE(check("web.socket:web.socket", {"web.socket", "web.socket"}));
  EXPECT_TRUE(check("web", {"web", "LISTEN_FD_4"}));
  EXPECT_TRUE(check(":local:beyond", {"LISTEN_FD_3", "local"}));
  EXPECT_TRUE(check("", {"LISTEN_FD_3", "LISTEN_FD_4"}));
  EXPECT_TRUE(check(nullptr, {"LISTEN_FD_3", "LISTEN_FD_4"}));
}

class InheritedTest : public test::BackendTest {};

// A socket that systemd keeps is served, and listens on when the server has ended.
TEST_P(InheritedTest, AServerListensOnWhatItWasGiven) {
#ifdef HON_TSAN
  GTEST_SKIP() << "HON_TEST_SKIPPED: ThreadSanitizer starts no threads behind a fork";
#endif
  auto given = netpoll::ListenSocket::Listen("127.0.0.1:0");
  ASSERT_TRUE(given);
  const std::string address = given->Address();
  ASSERT_TRUE(InChild(given->Fd(), given->Fd(), [&] {
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", "1", 1);
    http::HandlerFunc handler([](http::ResponseWriter& w, http::Request&) { w.Write("given"); });
    engine::Engine engine(handler);
    for (int generation = 0; generation < 2; ++generation) {
      const int kept = ::dup(3);  // the server closes the one that it was given
      auto inherited = std::make_shared<InheritedSockets>(InheritedSockets::FromEnvironment());
      ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
      ::setenv("LISTEN_FDS", "1", 1);
      {
        Server server(engine, WithBackend(GetParam()), WithLoops(2),
                      WithInheritedSockets(inherited));
        if (server.Listen(address)) return false;
        test::WirePeer peer(address);
        if (!peer.Send(test::kGet) || peer.ReadAnswer().body != "given") return false;
        if (server.Shutdown(appcontext::Background())) return false;
      }
      { const test::WirePeer queued(address); }  // the kernel still takes connections
      ::dup2(kept, 3);
      ::close(kept);
    }
    return true;
  }));
}

TEST_P(InheritedTest, UnixSocketsHaveTheirMode) {
  const support::TempDir folder;
  http::HandlerFunc handler([](http::ResponseWriter&, http::Request&) {});
  engine::Engine engine(handler);
  for (const unsigned mode : {0600U, 0660U, 0666U}) {
    Server server(engine, WithBackend(GetParam()), WithLoops(1), WithUnixSocketMode(mode));
    const std::string path = folder.Path() + "/socket";
    ASSERT_FALSE(server.Listen("unix:" + path));
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, mode);
  }
}

HON_INSTANTIATE_BACKENDS(InheritedTest);

}  // namespace
}  // namespace hon::server
