#include <malloc.h>

#include "base/heap.h"

namespace hon {

void TrimHeap() { ::malloc_trim(0); }

}  // namespace hon
