#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/result.h"
#include "hon/netpoll/listener.h"

namespace hon::server {

/// The listening sockets that this process was started with: by systemd's socket activation
/// (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES: sd_listen_fds(3)), or by a predecessor
/// (Server::StartSuccessor), whose sockets keep their names. Give them to a server with
/// WithInheritedSockets. Movable; the destructor closes the sockets that nobody took.
class InheritedSockets {
 public:
  /// Reads the environment, and removes what it has read from there, so that programs which this
  /// one starts do not take the descriptors for theirs. Call it once, at the start of main, before
  /// other threads exist.
  static InheritedSockets FromEnvironment();

  InheritedSockets() = default;
  InheritedSockets(InheritedSockets&& other) noexcept;
  InheritedSockets& operator=(InheritedSockets&& other) noexcept;
  ~InheritedSockets();

  /// The socket that is bound to what `address` says, as Server::Listen takes it; none where there
  /// is no such socket.
  [[nodiscard]] std::optional<netpoll::ListenSocket> Take(std::string_view address);
  /// The sockets with this name, in the order of their descriptors; empty where there is none. The
  /// name is the FileDescriptorName= of the unit of systemd: by default the name of the unit
  /// ("web.socket"), so that a unit with several ListenStream= gives several sockets one name. A
  /// descriptor without a name in LISTEN_FDNAMES is "LISTEN_FD_3" (with its number), as in
  /// go-systemd's activation.ListenersWithNames.
  [[nodiscard]] std::vector<netpoll::ListenSocket> TakeNamed(std::string_view name);
  /// The name of each socket that was not taken, in the order of their descriptors.
  [[nodiscard]] std::vector<std::string> Names() const;
  /// Sockets that were not taken.
  [[nodiscard]] size_t Left() const { return sockets_.size(); }
  /// Whether a predecessor waits for TellPredecessor.
  [[nodiscard]] bool HasPredecessor() const { return ready_fd_ >= 0; }
  /// Tells the predecessor, if there is one, that this process serves: it ends then.
  void TellPredecessor();

 private:
  std::vector<netpoll::ListenSocket> sockets_;
  int ready_fd_ = -1;  // the predecessor's pipe
};

}  // namespace hon::server
