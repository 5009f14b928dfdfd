#pragma once

// A whole server on one connection without a kernel below: the loop, the engine, the fibers and the
// protocol are the real ones, the socket is memory. A measurement shows the cost of the library
// itself.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "hon/engine/engine.h"
#include "hon/fiber/fiber.h"
#include "hon/http/handler.h"
#include "hon/io/record_layer.h"
#include "hon/netpoll/loop.h"
#include "netpoll/backend.h"

namespace hon::bench {

/// The other end of the one connection.
class MemoryBackend : public netpoll::Backend {
 public:
  /// The next bytes from the peer; the memory must stay valid until a turn has delivered all of it.
  void Offer(std::string_view wire) { offered_ = wire; }
  /// Whether sent bytes are kept to be looked at; otherwise they are only counted.
  void KeepSent(bool keep) { keep_ = keep; }
  [[nodiscard]] std::string& Sent() { return sent_; }
  [[nodiscard]] size_t SentBytes() const { return sent_bytes_; }
  /// The server has closed the connection.
  [[nodiscard]] bool Closed() const { return connection_ == nullptr; }

  [[nodiscard]] netpoll::BackendKind Kind() const override { return netpoll::BackendKind::kFake; }
  void Bind(netpoll::Loop& loop) override { blocks_ = &loop.Blocks(); }
  void Wait(Duration) override {}
  bool Deliver() override;
  [[nodiscard]] bool HasReady() const override { return false; }
  void Wake() override {}
  void StartAccept(netpoll::Acceptor&) override {}
  void StopAccept(netpoll::Acceptor&) override {}
  void CloseAcceptor(netpoll::Acceptor&) override {}
  Error Attach(netpoll::Connection& c) override;
  void Sync(netpoll::Connection&) override {}
  void WatchWritable(netpoll::Connection&) override {}
  void Close(netpoll::Connection& c) override;
  ssize_t Send(int fd, const iovec* parts, int count) override;
  ssize_t SendFile(int fd, int file, int64_t offset, size_t count) override;
  void EndWrite(int) override {}
  void ResetOnClose(int) override {}
  int TakeError(int) override { return 0; }
  Result<netpoll::SocketAddress> PeerAddress(int fd) override;
  Error PrepareSocket(int) override { return {}; }
  void CloseNow(int) override {}

 private:
  io::BlockPool* blocks_ = nullptr;
  netpoll::Connection* connection_ = nullptr;
  std::string_view offered_;
  std::string sent_;
  size_t sent_bytes_ = 0;
  bool keep_ = false;
};

class MemoryServer {
 public:
  /// `layer` is the connection's record layer; null: a plain connection.
  explicit MemoryServer(http::Handler& handler, const engine::ConnSettings& settings = {},
                        std::unique_ptr<io::RecordLayer> layer = nullptr,
                        std::unique_ptr<MemoryBackend> backend = std::make_unique<MemoryBackend>());
  ~MemoryServer();

  /// Sends `wire` and turns the loop until no more output comes; returns the output.
  std::string Answer(std::string_view wire);
  /// Sends `wire` and turns the loop until `answer_bytes` were sent back; the bytes are only
  /// counted.
  void Serve(std::string_view wire, size_t answer_bytes);
  /// Sends `wire` and turns the loop once; the number of bytes that were sent back.
  size_t Turn(std::string_view wire);

 private:
  engine::Engine engine_;
  engine::LoopEngine::Shared shared_;
  MemoryBackend* backend_;  // owned by the loop
  std::unique_ptr<netpoll::Loop> loop_;
  std::unique_ptr<fiber::Scheduler> scheduler_;
  std::unique_ptr<engine::LoopEngine> serving_;
};

}  // namespace hon::bench
