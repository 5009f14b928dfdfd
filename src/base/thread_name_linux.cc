#include <pthread.h>

#include "base/thread_name.h"

namespace hon {

void NameThisThread(const char* name) { ::pthread_setname_np(::pthread_self(), name); }

}  // namespace hon
