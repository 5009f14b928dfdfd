// For builds with HON_TLS=OFF.

#include "tls.h"

namespace hon::wire {

Error ListenTls(server::Server&, const TlsFlags&, std::function<Error()>*) {
  return Error::New("--tls-addr: built without TLS (HON_TLS=OFF)");
}

void RegisterTls(http::ServeMux&) {}

}  // namespace hon::wire
