#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <limits>
#include <string_view>

#include "workers/thread_probe.h"

namespace hon::workers {
namespace {

// A loop that competes with computing workers for a processor gets three times the share of each of
// them: every request of the workers passes through the loop.
constexpr int kWorkerNice = 5;

}  // namespace

ThreadProbe::ThreadProbe() : id_(static_cast<int>(::syscall(SYS_gettid))) {
  clockid_t clock = CLOCK_THREAD_CPUTIME_ID;
  if (::pthread_getcpuclockid(::pthread_self(), &clock) == 0) clock_ = clock;
  char path[sizeof "/proc/self/task//stat" + std::numeric_limits<int>::digits10 + 1];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/stat", id_);
  state_fd_ = ::open(path, O_RDONLY | O_CLOEXEC);
}

ThreadProbe::~ThreadProbe() {
  if (state_fd_ >= 0) ::close(state_fd_);
}

Duration ThreadProbe::Used() const {
  timespec used = {};
  if (::clock_gettime(clock_, &used) != 0) return {};
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

// "ID (name) S ..."; the name may hold any character, so the last parenthesis counts.
bool ThreadProbe::Waits() const {
  char text[256];
  const ssize_t n = state_fd_ < 0 ? 0 : ::pread(state_fd_, text, sizeof text, 0);
  if (n <= 0) return true;
  const std::string_view line(text, static_cast<size_t>(n));
  const size_t name_end = line.rfind(')');
  return name_end + 2 >= line.size() || line[name_end + 2] != 'R';
}

ThreadUsage ThreadUsage::OfThisThread() {
  timespec used = {};
  rusage usage = {};
  if (::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) != 0) return {};
  if (::getrusage(RUSAGE_THREAD, &usage) != 0) return {};
  return {std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec),
          usage.ru_nvcsw};
}

void YieldPriority() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), kWorkerNice);
}

}  // namespace hon::workers
