#pragma once

#include <memory>

#include "hon/base/result.h"

namespace hon::netpoll {

class Backend;

/// Fails where the kernel has no io_uring, forbids it, or lacks multishot receives into provided
/// buffers (Linux 6.0), which are tried.
Result<std::unique_ptr<Backend>> MakeIoUringBackend();

}  // namespace hon::netpoll
