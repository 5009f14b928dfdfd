#pragma once

#include <memory>
#include <string_view>

#include "hon/io/conn.h"
#include "hon/io/record_layer.h"
#include "hon/netpoll/connection.h"

namespace hon::fiber {

/// Takes `connection` over as a connection whose calls suspend the calling fiber: its events come
/// here from now on, its deadlines are lifted, and bytes that its Reader() already holds are read
/// first. Made, used and destroyed on the connection's loop.
std::unique_ptr<io::Conn> NewConn(netpoll::Connection& connection);

/// Connects from a fiber to "host:port" or "unix:/path". Errors: io::ErrDeadlineExceeded, the
/// system error of the last address that was tried, the record layer's error, or the cause of the
/// fiber's context. With a `layer`, its handshake is done and belongs to `timeout`.
Result<std::unique_ptr<io::Conn>> Dial(std::string_view address, Duration timeout,
                                       std::unique_ptr<io::RecordLayer> layer = nullptr);

}  // namespace hon::fiber
