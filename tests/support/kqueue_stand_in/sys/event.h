#pragma once

// A stand-in for the <sys/event.h> of BSD and macOS, so that tests on Linux run backend_kqueue.cc
// itself: kqueue_stand_in.cc makes kqueue and kevent out of epoll and eventfd. The stand-in has the
// parts that the backend uses (EVFILT_READ, EVFILT_WRITE, EVFILT_USER and their flags), for
// sockets. Tests over it show that the backend uses the interface correctly, not that macOS behaves
// so.

#include <cstdint>
#include <ctime>

inline constexpr int EVFILT_READ = -1;
inline constexpr int EVFILT_WRITE = -2;
inline constexpr int EVFILT_USER = -10;

inline constexpr uint16_t EV_ADD = 0x0001;
inline constexpr uint16_t EV_DELETE = 0x0002;
inline constexpr uint16_t EV_ONESHOT = 0x0010;
inline constexpr uint16_t EV_CLEAR = 0x0020;
inline constexpr uint16_t EV_EOF = 0x8000;
inline constexpr uint32_t NOTE_TRIGGER = 0x01000000;

struct kevent {
  uintptr_t ident;
  int16_t filter;
  uint16_t flags;
  uint32_t fflags;
  intptr_t data;
  void* udata;
};

inline void EV_SET(struct kevent* event, uintptr_t ident, int16_t filter, uint16_t flags,
                   uint32_t fflags, intptr_t data, void* udata) {
  *event = {ident, filter, flags, fflags, data, udata};
}

int kqueue();
int kevent(int queue, const struct kevent* changes, int change_count, struct kevent* events,
           int event_count, const timespec* timeout);
