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
  unsigned unix_mode = 0;   // of the file of a unix socket; 0: what the umask leaves of 0777
};

/// A descriptor of a bound and listening socket: made on any thread, moved into a Listener. Several
/// loops accept from one socket, each through a descriptor of its own (Copy).
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
  /// The name that an inherited socket was given with (server::InheritedSockets); "" for others.
  [[nodiscard]] const std::string& Name() const { return name_; }
  void SetName(std::string name) { name_ = std::move(name); }
  /// The socket may be used by another process, which was given it or gave it (FromFd).
  [[nodiscard]] bool IsShared() const { return shared_; }
  void SetShared(bool shared) { shared_ = shared; }
  /// Whether this socket is bound to `address`, as Listen takes it; port 0 is any port.
  [[nodiscard]] bool IsAt(std::string_view address) const;
  /// The file of a unix socket is removed with this object from now on, or no longer.
  void OwnFile();
  void DisownFile() { file_inode_ = 0; }
  /// Another descriptor of the same socket. The socket listens until the last one is closed.
  [[nodiscard]] Result<ListenSocket> Copy() const;

  // The end of a socket that is not shared, from any thread, without the loops that accept from it.

  /// Lets no new connection into the kernel's queue. TCP: the SYN of a new peer is dropped, which
  /// makes the peer try again in a second; unix: the peer is refused.
  void HoldOff();
  /// Takes one waiting connection: a descriptor that is non-blocking and close-on-exec, or a
  /// negated errno, -EAGAIN where none waits. Connections that ended while they waited are skipped.
  int Accept();
  /// Waits on the calling thread until a connection waits in the kernel's queue, for `wait_max` at
  /// most. False: none has come.
  bool AwaitPeer(Duration wait_max);
  /// Ends listening for every descriptor of the socket and resets what still waits (Linux). A loop
  /// that accepts from it meets EINVAL.
  void EndListening();

 private:
  friend class AcceptingListener;

  ListenSocket() = default;
  void RemoveFile();
  int TakeFd();

  int fd_ = -1;
  int family_ = 0;
  bool shared_ = false;
  std::string address_;
  std::string name_;
  uint64_t file_device_ = 0;  // of the unix socket's file that the destructor removes; inode 0:
                              // none
  uint64_t file_inode_ = 0;
};

/// Waits after a failed accept: doubled from the first value up to the second, and back to the
/// first after a success.
inline constexpr Duration kAcceptRetryMin = std::chrono::milliseconds(5);
inline constexpr Duration kAcceptRetryMax = std::chrono::seconds(1);

/// A loop that has more connections than the least busy loop, by more than a kHandOverShare-th part
/// of what that loop has, gives accepted connections to it.
inline constexpr size_t kHandOverShare = 16;
/// A loop whose turn takes longer than this is not given connections by other loops.
inline constexpr Duration kPunctualTurnMax = std::chrono::milliseconds(5);

/// Accepts for one loop, on its thread; stops when destroyed. That happens on this thread, or when
/// the loop runs no more (io_uring then refuses peers only when the loop is destroyed). Several
/// listeners, of several loops, may accept from one socket: the kernel wakes one of the loops that
/// wait. An accepted connection stays with the listener's own loop, unless another target is
/// clearly less busy (kHandOverShare); then it is posted there. A loop that is a target must
/// outlive the listener. A failure of accept that outlasts one connection (EMFILE, ENFILE, ENOBUFS,
/// ENOMEM): backs off from kAcceptRetryMin to kAcceptRetryMax, and tells `on_error`. From the
/// second try at kAcceptRetryMax on the waiting connections are accepted and closed, so that their
/// peers do not hang: a reserve descriptor is kept for that.
class Listener {
 public:
  struct Target {
    Loop* loop;
    EventHandler* handler;  // serves the connections of the target loop
  };
  /// May be empty.
  using ErrorHook = std::function<void(const Error&, Duration retry_in)>;
  /// A connection wakes one of the loops that wait for its socket with kOne, and all loops that
  /// wait with kAlways.
  enum class Wakes : uint8_t { kOne, kAlways };

  static Result<std::unique_ptr<Listener>> Start(Loop& loop, ListenSocket socket,
                                                 std::vector<Target> targets,
                                                 ErrorHook on_error = {},
                                                 Wakes wakes = Wakes::kOne);
  /// The target with the fewest connections among those whose loops are punctual at `now`
  /// (kPunctualTurnMax); among all where none is. `except` is left out. Null: there is no other.
  [[nodiscard]] static const Target* LeastBusy(const std::vector<Target>& targets, TimePoint now,
                                               const Loop* except = nullptr);
  /// Posts an accepted socket, non-blocking and close-on-exec, to the loop of `target`. Any thread.
  static void Give(const Target& target, int fd);
  virtual ~Listener() = default;
  [[nodiscard]] virtual const std::string& Address() const = 0;
  /// Connections accepted so far. Any thread.
  [[nodiscard]] virtual uint64_t Accepted() const = 0;
  /// How many of them were given to other loops. Any thread.
  [[nodiscard]] virtual uint64_t HandedOver() const = 0;
  /// Stops accepting for the time being, and goes on; peers wait in the kernel's queue. On the
  /// listener's loop's thread.
  virtual void Pause() = 0;
  virtual void Resume() = 0;
};

}  // namespace hon::netpoll
