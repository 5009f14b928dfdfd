#pragma once

#include <memory>
#include <string_view>

#include "hon/base/result.h"
#include "hon/io/record_layer.h"

namespace hon::tls {
class ClientContext;
}  // namespace hon::tls

namespace hon::client {

/// A context that trusts the system's roots. Fails where the library was built without TLS.
Result<std::shared_ptr<tls::ClientContext>> NewTlsContext();
/// The client's side of TLS with `host`.
Result<std::unique_ptr<io::RecordLayer>> NewTlsLayer(tls::ClientContext& context,
                                                     std::string_view host);

}  // namespace hon::client
