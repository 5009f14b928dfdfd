#pragma once

// A backend without a kernel: the test scripts sockets, their peers and the clock, so that every
// run is the same. Short writes, full sockets, failing calls and accepts are scripted.
//
//   auto fake = std::make_unique<FakeBackend>();
//   FakeBackend& kernel = *fake;
//   auto loop = Loop::CreateOver(std::move(fake), {});
//   const int fd = kernel.Open();
//   loop->Adopt(fd, handler);
//   kernel.At(fd).Sends("GET / HTTP/1.1\r\n\r\n");
//   loop->Turn(kUnlimited);

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "netpoll/backend.h"

namespace hon::netpoll {

/// One socket, as its peer and its kernel see it. Lives as long as the backend.
class FakeSocket {
 public:
  // The side of the peer.

  /// One piece is received at a time, in one block.
  void Sends(std::string_view piece) { pieces_.emplace_back(piece); }
  void SendsByteByByte(std::string_view bytes);
  void Finishes() { finished_ = true; }
  /// Receiving fails with this errno after the sent bytes.
  void Resets(int errno_value = 104 /* ECONNRESET */) { reset_ = errno_value; }
  /// The bytes that reached the peer since the last call.
  [[nodiscard]] std::string Take() { return std::exchange(sent_, {}); }
  [[nodiscard]] bool SawFin() const { return fin_; }
  [[nodiscard]] bool SawReset() const { return closed_ && reset_on_close_; }

  // The side of the kernel.

  /// The number of bytes that the socket still takes; unlimited at first. Room makes the socket
  /// writable.
  void SetRoom(size_t bytes) { room_ = bytes; }
  /// The next send, or sendfile, fails with this errno.
  void FailNextSend(int errno_value) { send_error_ = errno_value; }
  /// Ends a pending connect: 0, or an errno.
  void CompleteConnect(int errno_value = 0);

  [[nodiscard]] bool Closed() const { return closed_; }
  /// Calls of send and sendfile so far.
  [[nodiscard]] size_t Sends() const { return sends_; }
  /// Of the calls that Sends() counts, those that announced more bytes.
  [[nodiscard]] size_t MoreSends() const { return more_sends_; }
  /// Pieces that are not received yet.
  [[nodiscard]] size_t Unreceived() const { return pieces_.size(); }

 private:
  friend class FakeBackend;

  std::deque<std::string> pieces_;
  std::string sent_;
  size_t room_ = SIZE_MAX;
  size_t sends_ = 0;
  size_t more_sends_ = 0;
  int reset_ = 0;
  int send_error_ = 0;
  int connect_error_ = 0;
  bool finished_ = false;
  bool connecting_ = false;
  bool fin_ = false;
  bool closed_ = false;
  bool reset_on_close_ = false;
  bool left_told_ = false;
  Connection* connection_ = nullptr;
};

class FakeBackend final : public Backend {
 public:
  /// Called with true before, and with false after, the fake's own allocations. For tests whose
  /// allocations fail.
  static inline void (*exempt)(bool begins) = nullptr;

  FakeBackend() = default;
  ~FakeBackend() override;

  // The interface for tests.

  /// A connected socket, for Loop::Adopt.
  int Open();
  [[nodiscard]] FakeSocket& At(int fd) { return sockets_.at(fd); }
  /// Simulates a peer that connects to the newest listener; returns the descriptor that accept will
  /// give.
  int PeerConnects();
  /// The next accept fails with this errno.
  void FailAccept(int errno_value) { accepts_.push_back(-errno_value); }
  /// Sets the result of later connects. 0: success at once; EINPROGRESS: CompleteConnect decides;
  /// else failure.
  void SetConnectResult(int errno_value) { connect_result_ = errno_value; }
  /// The descriptor of the newest connect.
  [[nodiscard]] int LastConnect() const { return last_connect_; }
  /// The descriptors of all connects since the last call.
  [[nodiscard]] std::vector<int> TakeConnects() { return std::exchange(connects_, {}); }
  void Advance(Duration time) { now_ += time; }
  /// Whether each wait seems to leave events in the kernel.
  void SetMoreEvents(bool more) { more_events_ = more; }
  /// Wake-ups of the loop by another thread or by Stop.
  [[nodiscard]] size_t Wakes() const { return wakes_; }
  [[nodiscard]] size_t OpenSockets() const;

  // The interface of Backend.

  [[nodiscard]] BackendKind Kind() const override { return BackendKind::kFake; }
  void Bind(Loop& loop) override { blocks_ = &loop.Blocks(); }
  /// Does not wait: when there is nothing to deliver, the clock moves on by `wait_max`.
  void Wait(Duration wait_max) override;
  bool Deliver() override;
  [[nodiscard]] bool HasReady() const override { return false; }
  [[nodiscard]] bool MoreEvents() const override { return more_events_; }
  void Wake() override { ++wakes_; }
  [[nodiscard]] TimePoint Now() const override { return now_; }
  void StartAccept(Acceptor& acceptor) override;
  void StopAccept(Acceptor& acceptor) override { acceptor.wanted = false; }
  void CloseAcceptor(Acceptor& acceptor) override;
  Error Attach(Connection& c) override;
  void Sync(Connection&) override {}
  void WatchWritable(Connection& c) override;
  void Close(Connection& c) override;
  ssize_t Send(int fd, const iovec* parts, int count) override;
  ssize_t SendMore(int fd, const iovec* parts, int count) override;
  ssize_t SendFile(int fd, int file, int64_t offset, size_t count) override;
  void EndWrite(int fd) override { At(fd).fin_ = true; }
  void ResetOnClose(int fd) override { At(fd).reset_on_close_ = true; }
  int TakeError(int fd) override;
  Result<SocketAddress> LocalAddress(int fd) override;
  Result<SocketAddress> PeerAddress(int fd) override;
  Error PrepareSocket(int) override { return {}; }
  int StartConnect(const SocketAddress& to, bool* connected) override;
  int AcceptNow(int fd) override;
  void CloseNow(int fd) override { At(fd).closed_ = true; }

 private:
  [[nodiscard]] bool Pending() const;
  [[nodiscard]] bool Pending(const FakeSocket& socket) const;
  void DeliverAccepts();
  void DeliverTo(FakeSocket& socket);
  void Receive(FakeSocket& socket);

  io::BlockPool* blocks_ = nullptr;
  std::map<int, FakeSocket> sockets_;
  std::set<int> attached_;   // those of connections
  std::deque<int> accepts_;  // descriptors, or negated errnos
  std::vector<Acceptor*> acceptors_;
  TimePoint now_ = TimePoint(std::chrono::hours(1));
  int next_fd_ = 1'000'000;  // far from real ones
  int connect_result_ = 0;
  int last_connect_ = -1;
  std::vector<int> connects_;
  size_t wakes_ = 0;
  bool more_events_ = false;
};

}  // namespace hon::netpoll
