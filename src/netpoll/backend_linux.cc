// The choice between the backends of Linux.

#include "netpoll/backend.h"
#include "netpoll/backend_epoll.h"

namespace hon::netpoll {

Result<std::unique_ptr<Backend>> MakePlatformBackend(const LoopOptions& options) {
  switch (options.backend) {
    case BackendKind::kAuto:
    case BackendKind::kEpoll:
      return MakeEpollBackend();
    default:
      return Fail(Error::New("backend " + std::string(BackendName(options.backend)) +
                             " is not available on this system"));
  }
}

}  // namespace hon::netpoll
