// A library for LD_PRELOAD into a server: logs every call of the C library in which the thread of a
// loop has slept. The loop's own waits (epoll_wait, io_uring_enter) are not watched; every other
// call must return at once. A call counts when the thread has given up its processor during the
// call and 5 ms have passed: a call that other threads only interrupted has not slept.
//
// HON_LOOP_CALLS_LOG names the file that gets a line for each such call.

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

constexpr long kAllowedNanoseconds = 5'000'000;

// -1: not known yet.
thread_local int is_loop = -1;

bool OnLoop() {
  if (is_loop < 0) {
    char name[16] = {};
    is_loop = 0;
    if (::pthread_getname_np(::pthread_self(), name, sizeof name) == 0) {
      is_loop = std::strncmp(name, "hon-loop", 8) == 0 || std::strcmp(name, "hon-standby") == 0;
      // A thread gets its name when it begins; before, it has that of the program.
      if (is_loop == 0 && std::strncmp(name, "hon-", 4) != 0) is_loop = -1;
    }
  }
  return is_loop == 1;
}

long Switches() {
  rusage usage = {};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

long Nanoseconds() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000L + now.tv_nsec;
}

/// Watches one call.
class Watch {
 public:
  explicit Watch(const char* call) : call_(OnLoop() ? call : nullptr) {
    if (call_ == nullptr) return;
    switches_ = Switches();
    began_ = Nanoseconds();
  }
  ~Watch() {
    if (call_ == nullptr) return;
    const int saved = errno;
    const long took = Nanoseconds() - began_;
    if (took >= kAllowedNanoseconds && Switches() != switches_) Tell(took);
    errno = saved;
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  void Tell(long took) const {
    const char* const path = std::getenv("HON_LOOP_CALLS_LOG");
    if (path == nullptr) return;
    char line[100];
    const int size =
        std::snprintf(line, sizeof line, "slept in %s for %ld us\n", call_, took / 1000);
    const auto file = static_cast<int>(
        ::syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (file < 0) return;
    ::syscall(SYS_write, file, line, static_cast<size_t>(size));
    ::syscall(SYS_close, file);
  }

  const char* const call_;
  long switches_ = 0;
  long began_ = 0;
};

template <class Function>
Function Next(Function, const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

// A function of the C library with the same parameters, watched.
#define HON_WATCHED(result, name, parameters, arguments) \
  extern "C" result name parameters {                    \
    static const auto next = Next(&name, #name);         \
    const Watch watch(#name);                            \
    return next arguments;                               \
  }

HON_WATCHED(ssize_t, read, (int fd, void* into, size_t size), (fd, into, size))
HON_WATCHED(ssize_t, write, (int fd, const void* from, size_t size), (fd, from, size))
HON_WATCHED(ssize_t, readv, (int fd, const iovec* parts, int count), (fd, parts, count))
HON_WATCHED(ssize_t, writev, (int fd, const iovec* parts, int count), (fd, parts, count))
HON_WATCHED(ssize_t, pread, (int fd, void* into, size_t size, off_t at), (fd, into, size, at))
HON_WATCHED(ssize_t, pread64, (int fd, void* into, size_t size, off64_t at), (fd, into, size, at))
HON_WATCHED(ssize_t, send, (int fd, const void* from, size_t size, int flags),
            (fd, from, size, flags))
HON_WATCHED(ssize_t, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags))
HON_WATCHED(ssize_t, recv, (int fd, void* into, size_t size, int flags), (fd, into, size, flags))
HON_WATCHED(ssize_t, recvmsg, (int fd, msghdr* message, int flags), (fd, message, flags))
HON_WATCHED(ssize_t, sendfile, (int to, int from, off_t* at, size_t size), (to, from, at, size))
HON_WATCHED(ssize_t, sendfile64, (int to, int from, off64_t* at, size_t size), (to, from, at, size))
HON_WATCHED(int, accept4, (int fd, sockaddr* address, socklen_t* size, int flags),
            (fd, address, size, flags))
HON_WATCHED(int, connect, (int fd, const sockaddr* address, socklen_t size), (fd, address, size))
HON_WATCHED(int, shutdown, (int fd, int how), (fd, how))
HON_WATCHED(int, close, (int fd), (fd))
HON_WATCHED(int, fsync, (int fd), (fd))
HON_WATCHED(int, fdatasync, (int fd), (fd))
HON_WATCHED(int, poll, (pollfd * watched, nfds_t count, int timeout), (watched, count, timeout))
HON_WATCHED(int, nanosleep, (const timespec* time, timespec* left), (time, left))
HON_WATCHED(int, clock_nanosleep,
            (clockid_t clock, int flags, const timespec* time, timespec* left),
            (clock, flags, time, left))
HON_WATCHED(int, usleep, (useconds_t time), (time))
HON_WATCHED(int, getaddrinfo,
            (const char* node, const char* service, const addrinfo* hints, addrinfo** found),
            (node, service, hints, found))
HON_WATCHED(pid_t, waitpid, (pid_t child, int* status, int options), (child, status, options))
HON_WATCHED(int, pthread_join, (pthread_t thread, void** result), (thread, result))
HON_WATCHED(size_t, fwrite, (const void* from, size_t size, size_t count, FILE* file),
            (from, size, count, file))
