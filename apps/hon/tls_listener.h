#pragma once

#include <functional>

#include "flags.h"
#include "hon/server/server.h"

namespace hon::app {

/// Adds the TLS listener of the command line. `*reload` then reads its files anew. Without files,
/// makes a self-signed certificate for localhost, and says so on stderr.
Error ListenTls(server::Server& server, const Flags& flags, std::function<Error()>* reload);

}  // namespace hon::app
