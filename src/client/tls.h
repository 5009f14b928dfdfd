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

/// A context that trusts the system's roots. Fails where the library was built without TLS.
Result<std::shared_ptr<tls::ClientContext>> NewTlsContext();
/// The client's end of TLS with `host`. ALPN offers the context's NextProtos, where there are some
/// and `http1_only` is false, else `protocols`.
Result<std::unique_ptr<io::RecordLayer>> NewTlsLayer(tls::ClientContext& context,
                                                     std::string_view host,
                                                     const std::vector<std::string>& protocols,
                                                     bool http1_only);

}  // namespace hon::client
