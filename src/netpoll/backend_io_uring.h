#pragma once

#include <memory>

#include "hon/base/result.h"

namespace hon::netpoll {

class Backend;

/// Fails where the kernel has no io_uring, forbids it, or has one without multishot receives into
/// provided buffers (Linux 6.0), which is tried out.
Result<std::unique_ptr<Backend>> MakeIoUringBackend();

}  // namespace hon::netpoll
