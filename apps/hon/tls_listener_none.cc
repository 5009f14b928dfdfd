// For builds with HON_TLS=OFF.

#include "tls_listener.h"

namespace hon::app {

Error ListenTls(server::Server&, const Flags&, std::function<Error()>*) {
  return Error::New("--tls-addr: built without TLS (HON_TLS=OFF)");
}

}  // namespace hon::app
