#pragma once

#include <string>
#include <vector>

#include "hon/base/error.h"
#include "hon/base/time.h"
#include "hon/netpoll/listener.h"
#include "hon/server/server.h"

namespace hon::server {

/// The first inherited descriptor, as sd_listen_fds(3) has it.
inline constexpr int kFirstInheritedFd = 3;

// The environment of a successor: how many listening sockets begin at descriptor 3, their names
// with colons between (as in LISTEN_FDNAMES), and the descriptor to which the successor writes one
// byte when it serves.
inline constexpr const char* kSuccessorSockets = "HON_LISTEN_FDS";
inline constexpr const char* kSuccessorNames = "HON_LISTEN_FDNAMES";
inline constexpr const char* kSuccessorReady = "HON_READY_FD";
inline constexpr char kSuccessorIsReady = 'r';

/// Starts `successor` with descriptors of `sockets`, waits until it serves, and returns its process
/// id. Fails where the program ends first or is not ready in time, which kills it.
Result<int> StartProgram(const Successor& successor,
                         const std::vector<netpoll::ListenSocket>& sockets);

}  // namespace hon::server
