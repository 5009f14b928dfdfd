#include "netpoll/uring_receive.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "netpoll/uring.h"

namespace hon::netpoll {

void PrepareReceive(io_uring_sqe* sqe, int fd, uint64_t data) {
  io_uring_prep_recv(sqe, fd, nullptr, 0, 0);
  sqe->ioprio |= IORING_RECV_MULTISHOT;
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = ProvidedBlocks::kGroup;
  sqe->user_data = data;
}

void PrepareFlow(io_uring_sqe* sqe, int fd, uint64_t data) {
  PrepareReceive(sqe, fd, data);
  sqe->ioprio = kReceiveBundle;
  sqe->len = kFlowBytes;
}

Error TryReceive() {
  io::BlockPool pool(0);
  ProvidedBlocks blocks;
  Ring ring;
  HON_RETURN_IF_ERROR(ring.Init(IORING_SETUP_R_DISABLED));
  HON_RETURN_IF_ERROR(ring.Enable());
  HON_RETURN_IF_ERROR(blocks.Register(*ring.Get()));
  blocks.Provide(pool);
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) < 0) {
    return Error::System(errno, "socketpair");
  }
  PrepareReceive(io_uring_get_sqe(ring.Get()), ends[0], 1);
  const bool sent = ::send(ends[1], "x", 1, MSG_NOSIGNAL) == 1;
  __kernel_timespec limit{.tv_sec = 1, .tv_nsec = 0};
  io_uring_cqe* cqe = nullptr;
  const int code = io_uring_submit_and_wait_timeout(ring.Get(), &cqe, 1, &limit, nullptr);
  Error why;
  if (code < 0 || !sent || cqe == nullptr) {
    why = Error::System(code < 0 ? -code : EIO, "io_uring_enter");
  } else if (cqe->res < 0) {
    why = Error::System(-cqe->res, "io_uring receive");
  } else if (cqe->res != 1 || (cqe->flags & IORING_CQE_F_BUFFER) == 0 ||
             (cqe->flags & IORING_CQE_F_MORE) == 0) {
    why = Error::New("io_uring has no multishot receive");
  }
  ring.Exit();
  for (const int fd : ends) ::close(fd);
  return why;
}

}  // namespace hon::netpoll
