// The choice between the backends of Linux.

#include <string>

#include "netpoll/backend.h"
#include "netpoll/backend_epoll.h"
#include "netpoll/backend_io_uring.h"

namespace hon::netpoll {
namespace {

Result<std::unique_ptr<Backend>> MakeBest(const LoopOptions& options) {
  Result<std::unique_ptr<Backend>> best = MakeIoUringBackend();
  if (best) return best;
  Result<std::unique_ptr<Backend>> other = MakeEpollBackend();
  if (other && options.on_fallback) {
    options.on_fallback("io_uring is not to be had (" + best.error().Message() + "), using epoll");
  }
  return other;
}

}  // namespace

Result<std::unique_ptr<Backend>> MakePlatformBackend(const LoopOptions& options) {
  switch (options.backend) {
    case BackendKind::kAuto:
      return MakeBest(options);
    case BackendKind::kIoUring:
      return MakeIoUringBackend();
    case BackendKind::kEpoll:
      return MakeEpollBackend();
    default:
      return Fail(Error::New("backend " + std::string(BackendName(options.backend)) +
                             " is not available on this system"));
  }
}

}  // namespace hon::netpoll
