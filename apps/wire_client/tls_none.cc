#include "tls.h"

namespace hon::wire {

Result<std::shared_ptr<tls::ClientContext>> ClientTls(const ClientFlags&) {
  return std::shared_ptr<tls::ClientContext>();
}

}  // namespace hon::wire
