#include "support/fake_backend.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "hon/base/assert.h"
#include "netpoll/connection_io.h"

namespace hon::netpoll {
namespace {

SocketAddress Ipv4(const char* ip, int port) {
  SocketAddress address;
  auto& four = reinterpret_cast<sockaddr_in&>(address.storage);
  four.sin_family = AF_INET;
  four.sin_port = htons(static_cast<uint16_t>(port));
  ::inet_pton(AF_INET, ip, &four.sin_addr);
  address.size = sizeof(sockaddr_in);
  return address;
}

/// Exempts allocations of the fake.
struct Exempt {
  Exempt() {
    if (FakeBackend::exempt != nullptr) FakeBackend::exempt(true);
  }
  ~Exempt() {
    if (FakeBackend::exempt != nullptr) FakeBackend::exempt(false);
  }
  Exempt(const Exempt&) = delete;
  Exempt& operator=(const Exempt&) = delete;
};

}  // namespace

void FakeSocket::SendsByteByByte(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) Sends(bytes.substr(i, 1));
}

void FakeSocket::CompleteConnect(int errno_value) {
  connecting_ = false;
  connect_error_ = errno_value;
}

FakeBackend::~FakeBackend() {
  for (Acceptor* acceptor : acceptors_) {
    if (acceptor->fd >= 0) ::close(acceptor->fd);
  }
}

int FakeBackend::Open() {
  const int fd = next_fd_++;
  sockets_[fd];
  return fd;
}

size_t FakeBackend::OpenSockets() const {
  return static_cast<size_t>(std::count_if(sockets_.begin(), sockets_.end(),
                                           [](const auto& s) { return !s.second.closed_; }));
}

bool FakeBackend::Pending(const FakeSocket& socket) const {
  if (socket.connection_ == nullptr || socket.closed_) return false;
  const Connection& c = *socket.connection_;
  const bool watched = ConnectionIo::Holds(c, ConnectionIo::Hold::kWritableInFlight);
  if (watched && !socket.connecting_ && socket.room_ != 0) return true;
  const bool ends = socket.finished_ || socket.reset_ != 0;
  if (ConnectionIo::WantsInput(c)) return !socket.pieces_.empty() || ends;
  return ends && !socket.left_told_ && !ConnectionIo::Connecting(c);
}

bool FakeBackend::Pending() const {
  const bool accepting = std::any_of(acceptors_.begin(), acceptors_.end(),
                                     [](const Acceptor* a) { return a->wanted; });
  if (accepting && !accepts_.empty()) return true;
  return std::any_of(attached_.begin(), attached_.end(),
                     [this](int fd) { return Pending(sockets_.at(fd)); });
}

void FakeBackend::Wait(Duration wait_max) {
  if (wait_max != kUnlimited && wait_max > Duration::zero() && !Pending()) now_ += wait_max;
}

bool FakeBackend::Deliver() {
  const bool any = Pending();
  DeliverAccepts();
  // A copy, since sockets join and leave during the loop.
  std::vector<int> attached;
  {
    const Exempt own;
    attached.assign(attached_.begin(), attached_.end());
  }
  for (const int fd : attached) {
    FakeSocket& socket = At(fd);
    if (Pending(socket)) DeliverTo(socket);
  }
  return any;
}

void FakeBackend::DeliverTo(FakeSocket& socket) {
  Connection& c = *socket.connection_;
  const bool watched = ConnectionIo::Holds(c, ConnectionIo::Hold::kWritableInFlight);
  if (watched && !socket.connecting_ && socket.room_ != 0) {
    ConnectionIo::DropHold(c, ConnectionIo::Hold::kWritableInFlight);
    ConnectionIo::Writable(c);
  }
  if (socket.closed_ || ConnectionIo::Connecting(c)) return;
  if (ConnectionIo::WantsInput(c)) {
    try {
      return Receive(socket);
    } catch (const std::bad_alloc&) {  // costs the connection, as with the other backends
      return ConnectionIo::InputFailed(c, ENOMEM);
    }
  }
  if ((socket.finished_ || socket.reset_ != 0) && !std::exchange(socket.left_told_, true)) {
    ConnectionIo::PeerLeft(c, socket.reset_ != 0);
  }
}

// One piece a turn, so that the connection sees each piece alone.
void FakeBackend::Receive(FakeSocket& socket) {
  Connection& c = *socket.connection_;
  if (!socket.pieces_.empty()) {
    std::string& piece = socket.pieces_.front();
    io::Block* block = nullptr;
    {
      const Exempt own;
      block = blocks_->Get();
    }
    const size_t n = std::min<size_t>(piece.size(), block->capacity);
    std::memcpy(block->data, piece.data(), n);
    piece.erase(0, n);
    if (piece.empty()) socket.pieces_.pop_front();
    if (!ConnectionIo::ReceivedBlock(c, block, n)) io::BlockPool::Unref(block);
    return ConnectionIo::DeliverInput(c);
  }
  if (socket.reset_ != 0) {
    return ConnectionIo::InputFailed(c, std::exchange(socket.reset_, 0));
  }
  if (!socket.finished_) return;
  ConnectionIo::InputEnded(c);
  ConnectionIo::DeliverInput(c);
}

int FakeBackend::PeerConnects() {
  const int fd = Open();
  accepts_.push_back(fd);
  return fd;
}

void FakeBackend::StartAccept(Acceptor& acceptor) {
  acceptor.wanted = true;
  if (std::find(acceptors_.begin(), acceptors_.end(), &acceptor) == acceptors_.end()) {
    acceptors_.push_back(&acceptor);
  }
}

void FakeBackend::CloseAcceptor(Acceptor& acceptor) {
  acceptor.wanted = false;
  std::erase(acceptors_, &acceptor);
  ::close(std::exchange(acceptor.fd, -1));
}

void FakeBackend::DeliverAccepts() {
  while (!acceptors_.empty() && acceptors_.back()->wanted && !accepts_.empty()) {
    Acceptor& acceptor = *acceptors_.back();
    const int result = AcceptNow(acceptor.fd);
    if (result >= 0) {
      acceptor.OnAccepted(result);
    } else if (!EndsOneAccept(-result)) {
      acceptor.wanted = false;
      acceptor.OnAcceptFailed(-result);
    }
  }
}

int FakeBackend::AcceptNow(int) {
  if (accepts_.empty()) return -EAGAIN;
  const int result = accepts_.front();
  accepts_.pop_front();
  return result;
}

int FakeBackend::StartConnect(const SocketAddress&, bool* connected) {
  if (connect_result_ != 0 && connect_result_ != EINPROGRESS) return -connect_result_;
  *connected = connect_result_ == 0;
  last_connect_ = Open();
  connects_.push_back(last_connect_);
  At(last_connect_).connecting_ = !*connected;
  return last_connect_;
}

Error FakeBackend::Attach(Connection& c) {
  const Exempt own;
  At(c.Fd()).connection_ = &c;
  attached_.insert(c.Fd());
  return {};
}

void FakeBackend::WatchWritable(Connection& c) {
  ConnectionIo::TakeHold(c, ConnectionIo::Hold::kWritableInFlight);
}

void FakeBackend::Close(Connection& c) {
  FakeSocket& socket = At(c.Fd());
  HON_ASSERT(!socket.closed_);
  socket.closed_ = true;
  socket.connection_ = nullptr;
  attached_.erase(c.Fd());
  ConnectionIo::ForgetFd(c);
  ConnectionIo::ReleaseHold(c, ConnectionIo::Hold::kWritableInFlight);
}

ssize_t FakeBackend::Send(int fd, const iovec* parts, int count) {
  const Exempt own;
  FakeSocket& socket = At(fd);
  HON_ASSERT(!socket.closed_);
  ++socket.sends_;
  if (socket.send_error_ != 0) return -std::exchange(socket.send_error_, 0);
  if (socket.fin_) return -EPIPE;
  size_t sent = 0;
  for (int i = 0; i < count; ++i) {
    const size_t n = std::min(parts[i].iov_len, socket.room_);
    socket.sent_.append(static_cast<const char*>(parts[i].iov_base), n);
    if (socket.room_ != SIZE_MAX) socket.room_ -= n;
    sent += n;
  }
  return sent == 0 ? -EAGAIN : static_cast<ssize_t>(sent);
}

ssize_t FakeBackend::SendMore(int fd, const iovec* parts, int count) {
  ++At(fd).more_sends_;
  return Send(fd, parts, count);
}

ssize_t FakeBackend::SendFile(int fd, int file, int64_t offset, size_t count) {
  std::string bytes(std::min(count, At(fd).room_ == 0 ? size_t{1} : At(fd).room_), '\0');
  const ssize_t n = ::pread(file, bytes.data(), bytes.size(), offset);
  if (n <= 0) return n < 0 ? -errno : 0;
  const iovec part{.iov_base = bytes.data(), .iov_len = static_cast<size_t>(n)};
  return Send(fd, &part, 1);
}

int FakeBackend::TakeError(int fd) {
  FakeSocket& socket = At(fd);
  if (socket.connect_error_ != 0) return std::exchange(socket.connect_error_, 0);
  return std::exchange(socket.reset_, 0);
}

Result<SocketAddress> FakeBackend::LocalAddress(int) { return Ipv4("192.0.2.1", 80); }

Result<SocketAddress> FakeBackend::PeerAddress(int fd) {
  return Ipv4("198.51.100.7", 1024 + fd % 60000);
}

}  // namespace hon::netpoll
