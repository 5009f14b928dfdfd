#include "client/tls.h"
#include "hon/http/client_error.h"

namespace hon::client {

Result<std::shared_ptr<tls::ClientContext>> NewTlsContext() {
  return Fail(Error::Of(http::ErrHandshake, "tls: this library was built without TLS"));
}

Result<std::unique_ptr<io::RecordLayer>> NewTlsLayer(tls::ClientContext&, std::string_view,
                                                     const std::vector<std::string>&, bool) {
  return Fail(Error::Of(http::ErrHandshake, "tls: this library was built without TLS"));
}

}  // namespace hon::client
