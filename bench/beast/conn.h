#pragma once

#include <memory>
#include <string>

#include "bench/beast/stream.h"
#include "hon/io/conn.h"

namespace hon::beast {

/// A connection that its handler has taken over, with the bytes that were received and not read.
/// Its calls block the calling thread; the io_context of its socket turns it once it is evented,
/// so somebody must run that.
[[nodiscard]] std::unique_ptr<io::Conn> NewConn(Stream stream, std::string unread);

}  // namespace hon::beast
