#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "hon/base/result.h"
#include "hon/netpoll/listener.h"

namespace hon::server {

/// The listening sockets that this process was started with: by systemd's socket activation
/// (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES: sd_listen_fds(3)), or by a predecessor
/// (Server::StartSuccessor). Give them to a server with WithInheritedSockets. Movable; the
/// destructor closes the sockets that nobody took.
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
