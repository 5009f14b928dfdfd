#include "support/thread_shortage.h"

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <climits>

namespace {

std::atomic<int> threads_left{INT_MAX};
std::atomic<int> refused{0};

}  // namespace

extern "C" int pthread_create(pthread_t* id, const pthread_attr_t* attributes, void* (*main)(void*),
                              void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto create = reinterpret_cast<Create>(::dlsym(RTLD_NEXT, "pthread_create"));
  if (threads_left.load() != INT_MAX && threads_left.fetch_sub(1) <= 0) {
    ++refused;
    return EAGAIN;
  }
  return create(id, attributes, main, argument);
}

namespace hon::test {

ThreadShortage::ThreadShortage(int left) {
  refused = 0;
  threads_left = left;
}

ThreadShortage::~ThreadShortage() { threads_left = INT_MAX; }

int ThreadShortage::Refused() { return refused; }

}  // namespace hon::test
