#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/result.h"
#include "hon/io/record_layer.h"

namespace hon::tls {
class ClientContext;
}  // namespace hon::tls

namespace hon::client {

/// A context that trusts the system's roots and offers `protocols` by ALPN. Fails where the library
/// was built without TLS.
Result<std::shared_ptr<tls::ClientContext>> NewTlsContext(std::vector<std::string> protocols);
/// The client's end of TLS with `host`. `http1_only`: ALPN offers HTTP/1.1 alone.
Result<std::unique_ptr<io::RecordLayer>> NewTlsLayer(tls::ClientContext& context,
                                                     std::string_view host, bool http1_only);

}  // namespace hon::client
