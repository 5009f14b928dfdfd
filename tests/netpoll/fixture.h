#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "hon/netpoll/connection.h"
#include "hon/netpoll/listener.h"
#include "hon/netpoll/loop.h"

namespace hon::netpoll {

/// A blocking socket that talks to the loop under test.
class Peer {
 public:
  Peer() = default;
  explicit Peer(int fd) : fd_(fd) {}
  Peer(Peer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Peer& operator=(Peer&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Peer() { Close(); }

  /// Connects to "127.0.0.1:80", "[::1]:80" or "unix:...".
  static Peer ConnectTo(std::string_view address);
  /// The errno of connect, or 0.
  int TryToConnect(std::string_view address);

  void Send(std::string_view bytes) const;
  /// Sends as much as fits now, and returns how much.
  [[nodiscard]] size_t SendSome(std::string_view bytes) const;
  /// The received bytes, without waiting; "" for none.
  [[nodiscard]] std::string ReceiveSome() const;
  /// 0: the end; a negative errno; 1: open, with or without bytes.
  [[nodiscard]] int State() const;
  void Finish() const;  // FIN
  void Reset();
  void Close();
  [[nodiscard]] int Fd() const { return fd_; }
  [[nodiscard]] int Take() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// Records every event; calls the hooks of the test.
class Recorder : public EventHandler {
 public:
  using Hook = std::function<void(Connection&)>;

  void OnPrepare(Connection& c) override;
  void OnConnect(Connection& c) override;
  void OnRequest(Connection& c) override;
  void OnWritable(Connection& c) override;
  void OnTimeout(Connection& c, DeadlineKind kind) override;
  void OnDisconnect(Connection& c, const Error& why) override;

  [[nodiscard]] size_t Count(std::string_view event) const;
  [[nodiscard]] bool Disconnected() const { return Count("disconnect") != 0; }

  void ForgetHooks();

  std::vector<std::string> events;
  Connection* last = nullptr;  // the connection of the last event
  Error why;                   // of the last OnDisconnect
  Hook prepare, request, writable, disconnect;
  std::function<void(Connection&, DeadlineKind)> timeout;
};

/// Echoes its input, and closes when the peer has finished.
void Echo(Connection& c);

/// Loops over one backend, each on a thread of its own from Start to Stop.
class RunningLoops {
 public:
  RunningLoops(size_t count, BackendKind backend);
  ~RunningLoops() { Stop(); }
  RunningLoops(const RunningLoops&) = delete;
  RunningLoops& operator=(const RunningLoops&) = delete;

  [[nodiscard]] Loop& At(size_t index) { return *loops_.at(index); }
  void Start();
  void Stop();

 private:
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::thread> threads_;
};

/// Open descriptors of this process.
[[nodiscard]] size_t OpenDescriptors();

/// A loop over each backend of this system, turned by the test itself.
class BackendTest : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// Turns the loop until `done`, for two seconds at most; returns whether `done` became true.
  bool TurnUntil(const std::function<bool()>& done);
  /// Turns the loop for that long.
  void TurnFor(Duration time);

  /// A handler that outlives the loop.
  Recorder& NewRecorder();
  /// A connected pair: one end with the loop, one with the test.
  Connection& Connect(EventHandler& handler, Peer* peer);
  /// Connect over TCP.
  Connection& ConnectTcp(EventHandler& handler, Peer* peer);
  void StartListener(EventHandler& handler, std::string_view address = "127.0.0.1:0");

  size_t descriptors_before_ = 0;
  std::vector<std::unique_ptr<Recorder>> recorders_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<Listener> listener_;
};

/// The backends under test: those of the platform. A backend that the kernel forbids is skipped
/// with a message.
std::vector<BackendKind> BackendsUnderTest();
std::string BackendTestName(const testing::TestParamInfo<BackendKind>& info);

}  // namespace hon::netpoll

#define HON_BACKEND_TEST(suite) \
  INSTANTIATE_TEST_SUITE_P(All, suite, testing::ValuesIn(BackendsUnderTest()), BackendTestName)
