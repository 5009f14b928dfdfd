// wss in a library built with HON_TLS=OFF: fails.

#include "hon/http/response_writer.h"
#include "websocket/dial_tls.h"

namespace hon::websocket::internal {

Result<std::unique_ptr<io::RecordLayer>> NewTlsLayer(const std::shared_ptr<tls::ClientContext>&,
                                                     std::string_view) {
  return Fail(
      Error::Of(http::ErrNotSupported, "websocket: wss: hon was built without TLS (HON_TLS=OFF)"));
}

}  // namespace hon::websocket::internal
