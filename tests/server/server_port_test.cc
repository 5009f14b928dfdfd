// Listening on an address: by one server, unless all servers have asked to share the address.

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "netpoll/address.h"
#include "support/eventually.h"
#include "support/temp_dir.h"
#include "support/test_server.h"

namespace hon {
namespace {

using test::kGet;
using test::WirePeer;

// What another process of this user meets at `address`, with or without SO_REUSEPORT: the errno of
// bind or listen, or 0.
int ErrnoOfOtherProcess(const std::string& address, bool reuse_port = false) {
  const auto resolved = netpoll::ResolveAddress(address, netpoll::AddressUse::kListen);
  if (!resolved || resolved->empty()) return -1;
  const netpoll::SocketAddress& to = resolved->front();
  const pid_t child = ::fork();
  if (child == 0) {
    const int fd = ::socket(to.Family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (to.Family() != AF_UNIX) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (reuse_port) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    errno = 0;
    if (::bind(fd, to.Get(), to.size) == 0) static_cast<void>(::listen(fd, 1));
    ::_exit(errno);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

std::string PortOf(const std::string& address) { return address.substr(address.rfind(':')); }

class Port : public test::BackendTest {
 protected:
  template <class... With>
  std::unique_ptr<server::Server> New(unsigned loops, With... options) {
    return std::make_unique<server::Server>(engine_, server::WithBackend(GetParam()),
                                            server::WithLoops(loops), options...);
  }
  static void ExpectRefused(server::Server& other, const std::string& address) {
    const Error err = other.Listen(address);
    ASSERT_TRUE(err) << address << " was given twice";
    EXPECT_EQ(err.SystemCode(), EADDRINUSE) << err.Message();
    EXPECT_NE(err.Message().find(address), std::string::npos) << err.Message();
  }
  static size_t Answers(const std::string& address, int requests) {
    size_t answers = 0;
    for (int i = 0; i < requests; ++i) {
      WirePeer peer(address);
      if (peer.Send(kGet) && peer.ReadAnswer().status == 200) ++answers;
    }
    return answers;
  }

  http::HandlerFunc handler_{[](http::ResponseWriter& w, http::Request&) { w.Write("hello"); }};
  engine::Engine engine_{handler_};
};

TEST_P(Port, ASecondServerIsRefused) {
  for (const char* address : {"127.0.0.1:0", "[::1]:0", ":0", "0.0.0.0:0"}) {
    for (const unsigned loops : {1U, 2U, 4U}) {
      const auto first = New(loops);
      ASSERT_FALSE(first->Listen(address));
      const std::string bound = first->Addresses().front();
      for (const bool reuse_port : {false, true}) {
        EXPECT_EQ(ErrnoOfOtherProcess(bound, reuse_port), EADDRINUSE)
            << bound << ", " << loops << " loops, SO_REUSEPORT " << reuse_port;
      }
      ExpectRefused(*New(loops, server::WithReusePort()), bound);
      for (const unsigned others : {1U, 2U}) ExpectRefused(*New(others), bound);
      ExpectRefused(*first, bound);
      EXPECT_EQ(first->Addresses().size(), 1U);
      // The refused servers have left no socket that would take a part of the connections.
      if (std::string_view(address) != "[::1]:0") {
        EXPECT_EQ(Answers("127.0.0.1" + PortOf(bound), 8), 8U);
      }
    }
  }
}

TEST_P(Port, OneAddressAndAllAddressesAreNotTwo) {
  for (const unsigned loops : {1U, 2U}) {
    const auto all = New(loops);
    ASSERT_FALSE(all->Listen(":0"));
    const std::string port = PortOf(all->Addresses().front());
    for (const char* host : {"127.0.0.1", "[::1]", "0.0.0.0", ""}) {
      ExpectRefused(*New(loops), host + port);
      ExpectRefused(*all, host + port);
    }
    const auto one = New(loops);
    ASSERT_FALSE(one->Listen("127.0.0.1:0"));
    const std::string own = PortOf(one->Addresses().front());
    for (const char* host : {"0.0.0.0", ""}) ExpectRefused(*New(loops), host + own);
    EXPECT_FALSE(New(loops)->Listen("127.0.0.2" + own));  // another address
  }
}

TEST_P(Port, IsFreeAgainAfterTheEnd) {
  std::string address = "127.0.0.1:0";
  for (int i = 0; i < 4; ++i) {
    const auto server = New(2);
    const Error err = server->Listen(address);
    ASSERT_FALSE(err) << err.Message();
    address = server->Addresses().front();
    EXPECT_EQ(Answers(address, 4), 4U);  // their sockets are in TIME_WAIT then
    EXPECT_FALSE(server->Close());
  }
}

TEST_P(Port, ZeroIsAlwaysAnother) {
  for (const bool share : {false, true}) {
    const auto server = share ? New(2, server::WithReusePort()) : New(2);
    for (int i = 0; i < 8; ++i) ASSERT_FALSE(server->Listen("127.0.0.1:0"));
    std::vector<std::string> addresses = server->Addresses();
    std::sort(addresses.begin(), addresses.end());
    EXPECT_EQ(std::unique(addresses.begin(), addresses.end()), addresses.end());
    EXPECT_EQ(addresses.size(), 8U);
  }
}

TEST_P(Port, IsSharedByThoseThatAllAskForIt) {
  for (const unsigned loops : {1U, 2U, 4U}) {
    auto first = New(loops, server::WithReusePort());
    const auto second = New(loops, server::WithReusePort());
    ASSERT_FALSE(first->Listen("127.0.0.1:0"));
    const std::string address = first->Addresses().front();
    const Error err = second->Listen(address);
    ASSERT_FALSE(err) << err.Message();
    // With 64 connections one of the two gets none in 1 of 2^63 runs.
    EXPECT_EQ(Answers(address, 64), 64U);
    EXPECT_GT(first->GetStats().requests, 0U);
    EXPECT_GT(second->GetStats().requests, 0U);
    EXPECT_EQ(first->GetStats().requests + second->GetStats().requests, 64U);
    ExpectRefused(*first, address);  // the same server twice
    EXPECT_EQ(ErrnoOfOtherProcess(address), EADDRINUSE);
    EXPECT_EQ(ErrnoOfOtherProcess(address, true), 0);
    ExpectRefused(*New(loops), address);
    // The remaining server serves all.
    first.reset();
    EXPECT_EQ(Answers(address, 8), 8U);
  }
}

TEST_P(Port, ConnectionsAreSpreadOverTheLoops) {
  // A loop that is late when a connection is given away is passed over, so that a busy machine may
  // spread some of the tries unevenly.
  bool even = false;
  std::string found;
  for (int tries = 0; tries < 10 && !even; ++tries) {
    const auto server = New(4);
    ASSERT_FALSE(server->Listen("127.0.0.1:0"));
    std::vector<std::unique_ptr<WirePeer>> peers;
    for (int i = 0; i < 400; ++i) {
      peers.push_back(std::make_unique<WirePeer>(server->Addresses().front()));
    }
    const auto counts = [&] { return server->GetStats().loop_connections; };
    ASSERT_TRUE(test::Eventually([&] {
      size_t sum = 0;
      for (const size_t count : counts()) sum += count;
      return sum == 400;
    }));
    even = true;
    for (const size_t count : counts()) {
      even = even && count >= 55 && count <= 150;
      found += " " + std::to_string(count);
    }
  }
  EXPECT_TRUE(even) << found;
}

TEST_P(Port, AUnixSocketIsRefusedWhileItsFileIsThere) {
  const support::TempDir folder;
  const std::string path = "unix:" + folder.Path() + "/socket";
  const auto first = New(2);
  ASSERT_FALSE(first->Listen(path));
  EXPECT_EQ(ErrnoOfOtherProcess(path), EADDRINUSE);
  ExpectRefused(*New(2), path);
  ExpectRefused(*New(2, server::WithReusePort()), path);
  ExpectRefused(*first, path);
  EXPECT_FALSE(first->Close());
  // The end of a server removes the file. A file of a killed process stays, as in Go.
  const auto second = New(2);
  ASSERT_FALSE(second->Listen(path));
  ASSERT_EQ(::link((folder.Path() + "/socket").c_str(), (folder.Path() + "/left").c_str()), 0);
  EXPECT_FALSE(second->Close());
  ExpectRefused(*New(2), "unix:" + folder.Path() + "/left");
  ASSERT_EQ(::unlink((folder.Path() + "/left").c_str()), 0);
  EXPECT_FALSE(New(2)->Listen("unix:" + folder.Path() + "/left"));

  const std::string abstract = "unix:@hon-port-" + std::to_string(::getpid());
  const auto third = New(2);
  ASSERT_FALSE(third->Listen(abstract));
  EXPECT_EQ(ErrnoOfOtherProcess(abstract), EADDRINUSE);
  ExpectRefused(*New(2), abstract);
}

HON_INSTANTIATE_BACKENDS(Port);

}  // namespace
}  // namespace hon
