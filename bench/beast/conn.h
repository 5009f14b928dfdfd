#pragma once

#include <memory>
#include <string>

#include "bench/beast/stream.h"
#include "hon/io/conn.h"

namespace hon::beast {

/// A connection that its handler has taken over, with the bytes that were received and not read.
/// Calls on the connection block the calling thread. An evented connection is served by the
/// io_context of its socket, which a thread must run.
[[nodiscard]] std::unique_ptr<io::Conn> NewConn(Stream stream, std::string unread);

}  // namespace hon::beast
