#pragma once

#include <memory>

#include "hon/base/result.h"
#include "upstream.h"

namespace hon::tls {
class ClientContext;
}  // namespace hon::tls

namespace hon::wire {

/// The TLS to the server behind the proxy; null: the transport's own.
Result<std::shared_ptr<tls::ClientContext>> UpstreamTls(const UpstreamFlags& flags);

}  // namespace hon::wire
