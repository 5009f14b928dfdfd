#pragma once

#include <memory>
#include <string_view>

#include "hon/base/result.h"
#include "hon/io/record_layer.h"
#include "hon/websocket/dial.h"

namespace hon::websocket::internal {

/// The client end of TLS to `host`. Null `context`: the system's roots are trusted.
Result<std::unique_ptr<io::RecordLayer>> NewTlsLayer(
    const std::shared_ptr<tls::ClientContext>& context, std::string_view host);

}  // namespace hon::websocket::internal
