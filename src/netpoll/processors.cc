#include "netpoll/processors.h"

#include <algorithm>

#include "hon/netpoll/loop.h"

namespace hon::netpoll {

unsigned DefaultLoops() {
  const unsigned allowed = AllowedProcessors();
  const unsigned granted = GrantedProcessors("/");
  return std::max(1U, granted == 0 ? allowed : std::min(allowed, granted));
}

}  // namespace hon::netpoll
