#pragma once

#include <liburing.h>

#include <cstdint>

#include "hon/base/error.h"
#include "netpoll/provided_blocks.h"

namespace hon::netpoll {

/// The bytes of one long receive.
inline constexpr unsigned kFlowBytes = ProvidedBlocks::kMin * io::kBlockBytes;

/// Prepares a multishot receive into provided blocks, which calls the socket for each block.
void PrepareReceive(io_uring_sqe* sqe, int fd, uint64_t data);
/// Prepares one receive of up to kFlowBytes, by one call of the socket, into as many blocks as
/// there are bytes for. For a ring that ReceivesBundles.
void PrepareFlow(io_uring_sqe* sqe, int fd, uint64_t data);

/// Receives one byte in the way of the backend. A kernel that knows the calls may still lack the
/// features that are used there.
Error TryReceive();

}  // namespace hon::netpoll
