// The choice of the backend where kqueue is the only one.

#include <string>

#include "netpoll/backend.h"
#include "netpoll/backend_kqueue.h"

namespace hon::netpoll {

Result<std::unique_ptr<Backend>> MakePlatformBackend(const LoopOptions& options) {
  if (options.backend == BackendKind::kAuto || options.backend == BackendKind::kKqueue) {
    return MakeKqueueBackend();
  }
  return Fail(Error::New("backend " + std::string(BackendName(options.backend)) +
                         " is not available on this system"));
}

}  // namespace hon::netpoll
