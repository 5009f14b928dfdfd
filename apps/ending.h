// The end of a program whose handlers do not end.
#pragma once

#include <chrono>

namespace hon::app {

/// Ends the process with the code 1, should it not have ended by itself within `time`: handlers
/// that compute for ever keep their threads, and with them the end of main. To be called once.
void EndProcessAfter(std::chrono::duration<unsigned> time);

}  // namespace hon::app
