#pragma once

#include <memory>

#include "hon/base/result.h"

namespace hon::netpoll {

class Backend;

/// Fails when the process is out of descriptors.
Result<std::unique_ptr<Backend>> MakeKqueueBackend();

}  // namespace hon::netpoll
