#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/result.h"
#include "hon/base/time.h"

namespace hon::netpoll {

class EventHandler;
class Loop;

struct ListenOptions {
  int backlog = 4096;       // capped by the kernel's somaxconn
  bool reuse_port = false;  // sockets that ask for the same may share the address (SO_REUSEPORT)
  bool no_delay = true;     // TCP_NODELAY on accepted sockets
};

/// Whether the kernel spreads connections over sockets that share an address by SO_REUSEPORT. On
/// other systems, one socket accepts for all loops.
[[nodiscard]] bool ReusePortSpreads();

/// A bound and listening socket that no loop serves yet: made on any thread, moved into a loop.
class ListenSocket {
 public:
  /// ":8080", "127.0.0.1:0", "[::1]:80", "host:http", "unix:/path" ("unix:@name" is abstract).
  /// The error names the address and the reason. An address that another socket listens on is
  /// refused with EADDRINUSE, unless both have ListenOptions::reuse_port and the same user; so is
  /// the path of a unix socket whose file exists, also when nobody listens there any more.
  static Result<ListenSocket> Listen(std::string_view address, const ListenOptions& options = {});
  /// Takes over an inherited listening descriptor (systemd, a parent process); closes it on
  /// failure.
  static Result<ListenSocket> FromFd(int fd, const ListenOptions& options = {});
  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&& other) noexcept;
  ~ListenSocket();  // closes; removes the file of a unix socket made by Listen

  [[nodiscard]] int Fd() const { return fd_; }
  /// The bound address, with the port that the kernel chose; of a unix socket the path or "@name".
  [[nodiscard]] const std::string& Address() const { return address_; }
  [[nodiscard]] bool IsUnix() const;
  /// A second socket on the same TCP address for another loop; the kernel spreads new connections
  /// over both. From then on the kernel also admits sockets of this user, of any process, that set
  /// SO_REUSEPORT themselves; other sockets are refused as before.
  [[nodiscard]] Result<ListenSocket> Sibling() const;

 private:
  friend class AcceptingListener;

  ListenSocket() = default;
  void RememberFile();
  void RemoveFile();
  int TakeFd();

  int fd_ = -1;
  int family_ = 0;
  ListenOptions options_;
  std::string address_;
  uint64_t file_device_ = 0;  // of the unix socket's file that the destructor removes; inode 0:
                              // none
  uint64_t file_inode_ = 0;
};

/// Waits after a failed accept: doubled from the first value up to the second, and back to the
/// first after a success.
inline constexpr Duration kAcceptRetryMin = std::chrono::milliseconds(5);
inline constexpr Duration kAcceptRetryMax = std::chrono::seconds(1);

/// Accepts for one loop, on its thread; stops when destroyed, which must be on that thread or after
/// the loop has stopped running (io_uring then refuses peers only when the loop is destroyed). Each
/// accepted socket goes to the least loaded target: with a socket per loop, the only target is the
/// listener's own loop; with one acceptor for many loops there are several targets. A loop that is
/// a target must outlive the last turn of the listener's loop. EMFILE, ENFILE, ENOBUFS, ENOMEM:
/// retries after kAcceptRetryMin up to kAcceptRetryMax, and calls `on_error`. From the second retry
/// at kAcceptRetryMax on, the waiting connections are accepted and closed, so that their peers do
/// not hang; a reserve descriptor is kept for that.
class Listener {
 public:
  struct Target {
    Loop* loop;
    EventHandler* handler;  // serves the connections of the target loop
  };
  /// May be empty.
  using ErrorHook = std::function<void(const Error&, Duration retry_in)>;

  static Result<std::unique_ptr<Listener>> Start(Loop& loop, ListenSocket socket,
                                                 std::vector<Target> targets,
                                                 ErrorHook on_error = {});
  virtual ~Listener() = default;
  [[nodiscard]] virtual const std::string& Address() const = 0;
  /// Connections accepted so far. Any thread.
  [[nodiscard]] virtual uint64_t Accepted() const = 0;
  /// Suspends and resumes accepting; peers wait in the kernel's queue meanwhile. On the listener's
  /// loop's thread.
  virtual void Pause() = 0;
  virtual void Resume() = 0;
};

}  // namespace hon::netpoll
