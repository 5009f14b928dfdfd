// The floor over io_uring: multishot accept and receive into provided buffers, plain sends; the
// rest as in floor_epoll.cc.
// usage: hon_floor_io_uring [--echo BYTES] [--port] PORT

#include <liburing.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "floor.h"
#include "floor_socket.h"

namespace {

constexpr unsigned kSubmissions = 256;
constexpr unsigned kCompletions = 4096;
constexpr unsigned kBuffers = 256;
constexpr size_t kBufferBytes = 4096;
constexpr int kGroup = 0;
constexpr __u64 kAccept = 1ULL << 32;

class Floor {
 public:
  explicit Floor(size_t echo_bytes) : answers_(echo_bytes) {}
  bool Init();
  void Run(int listening);

 private:
  io_uring_sqe* Submission();
  void Accept(int listening);
  void Receive(int fd);
  void OnReceived(int fd, const io_uring_cqe& cqe);
  void Provide(uint16_t id, int place);

  hon::floor::Answers answers_;
  io_uring ring_{};
  io_uring_buf_ring* shared_ = nullptr;
  std::vector<char> memory_ = std::vector<char>(kBuffers * kBufferBytes);
  int returned_ = 0;
};

bool Floor::Init() {
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
  params.cq_entries = kCompletions;
  int code = io_uring_queue_init_params(kSubmissions, &ring_, &params);
  if (code == 0) {
    void* shared = ::mmap(nullptr, kBuffers * sizeof(io_uring_buf), PROT_READ | PROT_WRITE,
                          MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    shared_ = static_cast<io_uring_buf_ring*>(shared);
    io_uring_buf_ring_init(shared_);
    io_uring_buf_reg reg{};
    reg.ring_addr = reinterpret_cast<uintptr_t>(shared);
    reg.ring_entries = kBuffers;
    reg.bgid = kGroup;
    code = io_uring_register_buf_ring(&ring_, &reg, 0);
  }
  errno = -code;
  if (code != 0) return false;
  for (unsigned i = 0; i < kBuffers; ++i) Provide(static_cast<uint16_t>(i), static_cast<int>(i));
  io_uring_buf_ring_advance(shared_, kBuffers);
  return true;
}

io_uring_sqe* Floor::Submission() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  if (sqe == nullptr) {
    io_uring_submit(&ring_);
    sqe = io_uring_get_sqe(&ring_);
  }
  return sqe;
}

void Floor::Accept(int listening) {
  io_uring_sqe* sqe = Submission();
  io_uring_prep_multishot_accept(sqe, listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  sqe->user_data = kAccept;
}

void Floor::Receive(int fd) {
  io_uring_sqe* sqe = Submission();
  io_uring_prep_recv(sqe, fd, nullptr, 0, 0);
  sqe->ioprio |= IORING_RECV_MULTISHOT;
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = kGroup;
  sqe->user_data = static_cast<unsigned>(fd);
}

void Floor::Provide(uint16_t id, int place) {
  io_uring_buf_ring_add(shared_, memory_.data() + id * kBufferBytes, kBufferBytes, id,
                        io_uring_buf_ring_mask(kBuffers), place);
}

void Floor::OnReceived(int fd, const io_uring_cqe& cqe) {
  if (cqe.res > 0) {
    const auto id = static_cast<uint16_t>(cqe.flags >> IORING_CQE_BUFFER_SHIFT);
    const std::string_view input(memory_.data() + id * kBufferBytes, static_cast<size_t>(cqe.res));
    hon::floor::SendAnswer(fd, answers_.To(input));
    Provide(id, returned_++);
  } else if (cqe.res != -ENOBUFS) {
    ::close(fd);
    return;
  }
  if ((cqe.flags & IORING_CQE_F_MORE) == 0) Receive(fd);
}

void Floor::Run(int listening) {
  Accept(listening);
  for (;;) {
    io_uring_submit_and_wait(&ring_, 1);
    unsigned head = 0;
    unsigned count = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      ++count;
      if (cqe->user_data != kAccept) {
        OnReceived(static_cast<int>(cqe->user_data), *cqe);
        continue;
      }
      if (cqe->res >= 0) Receive(cqe->res);
      if ((cqe->flags & IORING_CQE_F_MORE) == 0) Accept(listening);
    }
    io_uring_cq_advance(&ring_, count);
    io_uring_buf_ring_advance(shared_, returned_);
    returned_ = 0;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int listening = hon::floor::ListenOn(hon::floor::PortArgument(argc, argv));
  Floor floor(hon::floor::EchoArgument(argc, argv));
  if (listening < 0 || !floor.Init()) {
    std::perror("hon_floor_io_uring");
    return 1;
  }
  floor.Run(listening);
}
