// The floor over epoll: the cost of a small request in the kernel, with a program that does nothing
// else. Every request head is answered with fixed bytes; no HTTP, no limits, no errors. usage:
// hon_floor_epoll [--echo BYTES] [--port] PORT

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>

#include "floor.h"
#include "floor_socket.h"

namespace {

constexpr size_t kBufferBytes = 16 * 1024;
constexpr int kEventsMax = 256;

void Watch(int epoll, int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void Answer(int fd, char* buffer, hon::floor::Answers& answers) {
  const ssize_t n = ::recv(fd, buffer, kBufferBytes, 0);
  if (n <= 0) {
    ::close(fd);
    return;
  }
  hon::floor::SendAnswer(fd, answers.To({buffer, static_cast<size_t>(n)}));
}

}  // namespace

int main(int argc, char** argv) {
  const int listening = hon::floor::ListenOn(hon::floor::PortArgument(argc, argv));
  if (listening < 0) {
    std::perror("hon_floor_epoll");
    return 1;
  }
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  Watch(epoll, listening, EPOLLIN);
  hon::floor::Answers answers(hon::floor::EchoArgument(argc, argv));
  std::array<epoll_event, kEventsMax> events;
  std::array<char, kBufferBytes> buffer;
  for (;;) {
    const int count = ::epoll_wait(epoll, events.data(), kEventsMax, -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd != listening) {
        Answer(fd, buffer.data(), answers);
        continue;
      }
      const int accepted = ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (accepted >= 0) Watch(epoll, accepted, EPOLLIN | EPOLLRDHUP | EPOLLET);
    }
  }
}
