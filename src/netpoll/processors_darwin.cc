#include <unistd.h>

#include <algorithm>

#include "netpoll/processors.h"

namespace hon::netpoll {

// This system has neither affinity masks nor quotas.

unsigned AllowedProcessors() {
  return static_cast<unsigned>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
}

unsigned GrantedProcessors(const std::string& /*root*/) { return 0; }

}  // namespace hon::netpoll
