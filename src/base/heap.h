#pragma once

namespace hon {

/// Gives free memory of the C library's heap back to the system, where the library can. Takes
/// milliseconds; other threads that allocate wait meanwhile.
void TrimHeap();

}  // namespace hon
