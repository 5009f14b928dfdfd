#pragma once

// In the file of the platform.

namespace hon {

/// Names the calling thread; at most 15 bytes.
void NameThisThread(const char* name);

}  // namespace hon
