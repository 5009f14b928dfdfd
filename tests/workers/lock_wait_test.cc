// Whether a stack belongs to a thread that waits for a lock: of glibc, musl and a sanitizer.

#include "workers/lock_wait.h"

#include <gtest/gtest.h>

namespace hon::workers {
namespace {

TEST(LockWait, AMutexOnTopOfTheStack) {
  EXPECT_TRUE(
      WaitsForLock("__lll_lock_wait in libc.so.6+0x8a0d0\n"
                   "pthread_mutex_lock in libc.so.6+0x90101\nmain in app+0x1234"));
  // The inner function has no name in a stripped library.
  EXPECT_TRUE(WaitsForLock("libc.so.6+0x8a0d0\npthread_mutex_lock in libc.so.6+0x90101"));
  EXPECT_TRUE(
      WaitsForLock("__timedwait_cp in ld-musl-x86_64.so.1+0x5\n"
                   "__pthread_mutex_timedlock in ld-musl-x86_64.so.1+0x7"));
  EXPECT_TRUE(WaitsForLock("libc.so.6+0x1\npthread_rwlock_wrlock in libc.so.6+0x2\napp+0x3"));
  EXPECT_TRUE(
      WaitsForLock("libc.so.6+0x1\nlibc.so.6+0x2\n___interceptor_pthread_mutex_lock in app"));
}

TEST(LockWait, OtherWaitsAreNoLockWaits) {
  EXPECT_FALSE(WaitsForLock(""));
  EXPECT_FALSE(WaitsForLock("clock_nanosleep in libc.so.6+0x1\nnanosleep in libc.so.6+0x2"));
  EXPECT_FALSE(WaitsForLock("libc.so.6+0x1\npthread_cond_wait in libc.so.6+0x2\napp+0x3"));
  EXPECT_FALSE(WaitsForLock("read in libc.so.6+0x1"));
}

// A frame further out only shows the callers.
TEST(LockWait, OnlyTheInnermostFramesCount) {
  EXPECT_TRUE(WaitsForLock("a\nb\nc\nd\npthread_mutex_lock in libc.so.6+0x2"));
  EXPECT_FALSE(WaitsForLock("a\nb\nc\nd\ne\npthread_mutex_lock in libc.so.6+0x2"));
}

}  // namespace
}  // namespace hon::workers
