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
  int backlog = 4096;          // capped by the kernel's somaxconn
  bool reuse_port = false;     // SO_REUSEPORT, so that each loop can have a socket of its own
  bool no_delay = true;        // TCP_NODELAY on accepted sockets
};

/// A bound and listening socket that no loop serves yet: made on any thread, moved into a loop.
class ListenSocket {
 public:
  /// ":8080", "127.0.0.1:0", "[::1]:80", "host:http", "unix:/path" ("unix:@name" is abstract).
  /// The error names the address and the reason.
  static Result<ListenSocket> Listen(std::string_view address, const ListenOptions& options = {});
  /// Takes a listening descriptor that was inherited (systemd, a parent process).
  static Result<ListenSocket> FromFd(int fd, const ListenOptions& options = {});
  ListenSocket(ListenSocket&& other) noexcept;
  ListenSocket& operator=(ListenSocket&& other) noexcept;
  ~ListenSocket();  // closes; removes the file of a unix socket that Listen made

  [[nodiscard]] int Fd() const;
  /// The bound address, with the port that the kernel chose.
  [[nodiscard]] const std::string& Address() const;
  [[nodiscard]] bool IsUnix() const;
  /// A second socket on the same address for another loop (needs reuse_port).
  [[nodiscard]] Result<ListenSocket> Sibling() const;

 private:
  int fd_ = -1;
  ListenOptions options_;
  std::string address_;
  std::string unix_path_;
};

/// Accepts for one loop, on its thread; stops when destroyed. Accepted sockets stay on this loop,
/// or go to the least loaded of `spread` when that is not empty (one acceptor, many loops; then
/// `handlers[i]` serves loop i).
/// EMFILE, ENFILE, ENOBUFS, ENOMEM: backs off 5 ms doubling to 1 s, and tells `on_error`.
class Listener {
 public:
  struct Target {
    Loop* loop;
    EventHandler* handler;
  };
  using ErrorHook = std::function<void(const Error&, Duration retry_in)>;

  static Result<std::unique_ptr<Listener>> Start(Loop& loop, ListenSocket socket,
                                                 std::vector<Target> targets, ErrorHook on_error);
  virtual ~Listener() = default;
  [[nodiscard]] virtual const std::string& Address() const = 0;
  /// Accepted so far.
  [[nodiscard]] virtual uint64_t Accepted() const = 0;
};

}  // namespace hon::netpoll
