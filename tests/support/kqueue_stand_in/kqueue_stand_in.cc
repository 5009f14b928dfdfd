#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

extern "C" {
// The linker sends calls of close here (-Wl,--wrap=close): closing a queue closes its epoll
// descriptors too.
int __real_close(int fd);
int __wrap_close(int fd);
}

namespace {

constexpr int kEventsMax = 64;

/// The registrations of one filter: each filter has an epoll of its own, so that filters of one
/// descriptor do not disturb each other. The epoll that is the queue's descriptor watches them.
struct Filter {
  struct Entry {
    void* udata;
    bool oneshot;
  };
  int epoll = -1;
  std::map<int, Entry> entries;
};

struct Queue {
  Filter read;
  Filter write;
  int user = -1;
};

std::mutex mutex;
std::map<int, std::shared_ptr<Queue>> queues;

std::shared_ptr<Queue> Find(int queue) {
  const std::lock_guard lock(mutex);
  const auto found = queues.find(queue);
  return found == queues.end() ? nullptr : found->second;
}

void Watch(int outer, int inner, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = inner;
  ::epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event);
}

int ChangeFilter(Filter& filter, uint32_t readiness, const struct kevent& change) {
  const int fd = static_cast<int>(change.ident);
  if ((change.flags & EV_DELETE) != 0) {
    filter.entries.erase(fd);
    return ::epoll_ctl(filter.epoll, EPOLL_CTL_DEL, fd, nullptr);
  }
  epoll_event event{};
  event.events = readiness;
  if ((change.flags & EV_CLEAR) != 0) event.events |= EPOLLET;
  event.data.fd = fd;
  int code = ::epoll_ctl(filter.epoll, EPOLL_CTL_ADD, fd, &event);
  if (code < 0 && errno == EEXIST) code = ::epoll_ctl(filter.epoll, EPOLL_CTL_MOD, fd, &event);
  if (code == 0) filter.entries[fd] = {change.udata, (change.flags & EV_ONESHOT) != 0};
  return code;
}

int Apply(Queue& queue, const struct kevent& change) {
  const std::lock_guard lock(mutex);
  if (change.filter == EVFILT_READ) {
    return ChangeFilter(queue.read, EPOLLIN | EPOLLRDHUP, change);
  }
  if (change.filter == EVFILT_WRITE) return ChangeFilter(queue.write, EPOLLOUT, change);
  if (change.filter == EVFILT_USER) {
    const uint64_t one = 1;
    if ((change.fflags & NOTE_TRIGGER) == 0) return 0;
    return ::write(queue.user, &one, sizeof(one)) == sizeof(one) ? 0 : -1;
  }
  errno = EINVAL;
  return -1;
}

int Collect(Filter& filter, int16_t kind, struct kevent* events, int room) {
  const std::lock_guard lock(mutex);
  std::array<epoll_event, kEventsMax> ready;
  const int n = ::epoll_wait(filter.epoll, ready.data(), std::min(room, kEventsMax), 0);
  int count = 0;
  for (int i = 0; i < n; ++i) {
    const epoll_event& event = ready[static_cast<size_t>(i)];
    const int fd = event.data.fd;
    const auto entry = filter.entries.find(fd);
    if (entry == filter.entries.end()) continue;
    struct kevent& out = events[count++];
    out = {static_cast<uintptr_t>(fd), kind, 0, 0, 0, entry->second.udata};
    int bytes = 0;
    if (kind == EVFILT_READ && ::ioctl(fd, FIONREAD, &bytes) == 0) out.data = bytes;
    if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) out.flags |= EV_EOF;
    // BSD reports the socket's error without clearing it; SO_ERROR would clear it here.
    if ((event.events & EPOLLERR) != 0) out.fflags = ECONNRESET;
    if (entry->second.oneshot) {
      ::epoll_ctl(filter.epoll, EPOLL_CTL_DEL, fd, nullptr);
      filter.entries.erase(entry);
    }
  }
  return count;
}

int CollectUser(Queue& queue, struct kevent* events, int room) {
  uint64_t times = 0;
  if (room == 0 || ::read(queue.user, &times, sizeof(times)) != sizeof(times)) return 0;
  *events = {0, EVFILT_USER, 0, 0, 0, nullptr};
  return 1;
}

}  // namespace

int kqueue() {
  auto queue = std::make_shared<Queue>();
  const int outer = ::epoll_create1(EPOLL_CLOEXEC);
  queue->read.epoll = ::epoll_create1(EPOLL_CLOEXEC);
  queue->write.epoll = ::epoll_create1(EPOLL_CLOEXEC);
  queue->user = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (std::min({outer, queue->read.epoll, queue->write.epoll, queue->user}) < 0) {
    const int error = errno;
    for (const int fd : {outer, queue->read.epoll, queue->write.epoll, queue->user}) {
      if (fd >= 0) __real_close(fd);
    }
    errno = error;
    return -1;
  }
  for (const int inner : {queue->read.epoll, queue->write.epoll, queue->user}) {
    Watch(outer, inner, EPOLLIN);
  }
  const std::lock_guard lock(mutex);
  queues[outer] = std::move(queue);
  return outer;
}

int kevent(int queue, const struct kevent* changes, int change_count, struct kevent* events,
           int event_count, const timespec* timeout) {
  const std::shared_ptr<Queue> state = Find(queue);
  if (state == nullptr) {
    errno = EBADF;
    return -1;
  }
  for (int i = 0; i < change_count; ++i) {
    if (Apply(*state, changes[i]) < 0) return -1;
  }
  if (event_count == 0) return 0;
  std::array<epoll_event, 3> ready;
  if (::epoll_pwait2(queue, ready.data(), static_cast<int>(ready.size()), timeout, nullptr) < 0) {
    return -1;
  }
  int count = CollectUser(*state, events, event_count);
  count += Collect(state->read, EVFILT_READ, events + count, event_count - count);
  if (count < event_count) {
    count += Collect(state->write, EVFILT_WRITE, events + count, event_count - count);
  }
  return count;
}

int __wrap_close(int fd) {
  std::shared_ptr<Queue> ended;
  {
    const std::lock_guard lock(mutex);
    const auto found = queues.find(fd);
    if (found != queues.end()) {
      ended = std::move(found->second);
      queues.erase(found);
    }
  }
  if (ended != nullptr) {
    for (const int inner : {ended->read.epoll, ended->write.epoll, ended->user}) {
      __real_close(inner);
    }
  }
  return __real_close(fd);
}
