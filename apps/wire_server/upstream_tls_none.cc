// For builds with HON_TLS=OFF.

#include "upstream_tls.h"

namespace hon::wire {

Result<std::shared_ptr<tls::ClientContext>> UpstreamTls(const UpstreamFlags&) {
  return std::shared_ptr<tls::ClientContext>();
}

}  // namespace hon::wire
