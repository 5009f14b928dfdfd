#pragma once

#include <functional>

#include "flags.h"
#include "hon/server/server.h"

namespace hon::app {

/// Adds the listener with TLS that the command line asks for. `*reload` then reads its files anew.
/// Without files it makes a certificate for localhost that signs itself, and says so on stderr.
Error ListenTls(server::Server& server, const Flags& flags, std::function<Error()>* reload);

}  // namespace hon::app
