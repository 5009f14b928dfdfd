#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "flags.h"
#include "hon/client/transport.h"
#include "report.h"

namespace hon::wire {

/// Whether `url` is of a WebSocket.
[[nodiscard]] bool IsWebSocketUrl(std::string_view url);

/// Dials `url` over `transport`, sends `message` as one binary message, reads one message and
/// closes the WebSocket. `report` gets the length and the digest of the message that was read. On a
/// thread without a loop all of that runs on a loop of its own.
Error ExchangeMessages(const std::string& url, const ClientFlags& flags,
                       const std::shared_ptr<client::Transport>& transport,
                       std::string_view message, Report& report);

}  // namespace hon::wire
