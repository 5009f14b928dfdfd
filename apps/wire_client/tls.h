#pragma once

#include <memory>

#include "flags.h"
#include "hon/base/result.h"

namespace hon::tls {
class ClientContext;
}  // namespace hon::tls

namespace hon::wire {

/// The TLS that the flags ask for.
Result<std::shared_ptr<tls::ClientContext>> ClientTls(const ClientFlags& flags);

}  // namespace hon::wire
