#include <malloc/malloc.h>

#include "base/heap.h"

namespace hon {

void TrimHeap() { ::malloc_zone_pressure_relief(nullptr, 0); }

}  // namespace hon
