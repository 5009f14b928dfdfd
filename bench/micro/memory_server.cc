#include "memory_server.h"

#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "hon/base/assert.h"
#include "netpoll/connection_io.h"

namespace hon::bench {

using netpoll::ConnectionIo;

namespace {

// The idle turns after which an incomplete answer counts as all.
constexpr int kQuietTurns = 4;

/// Gives one connection its record layer, and hands it over.
class LayerGate final : public netpoll::EventHandler {
 public:
  LayerGate(netpoll::EventHandler& next, std::unique_ptr<io::RecordLayer> layer)
      : next_(next), layer_(std::move(layer)) {}
  void OnPrepare(netpoll::Connection& c) override {
    c.SetEventHandler(next_);
    if (layer_ != nullptr) c.SetRecordLayer(std::move(layer_));
    next_.OnPrepare(c);
  }
  void OnRequest(netpoll::Connection&) override { HON_ASSERT(false); }

 private:
  netpoll::EventHandler& next_;
  std::unique_ptr<io::RecordLayer> layer_;
};

}  // namespace

bool MemoryBackend::Deliver() {
  if (offered_.empty()) return false;
  while (!offered_.empty() && ConnectionIo::WantsInput(*connection_)) {
    io::Block* block = blocks_->Get();
    const size_t n = std::min<size_t>(offered_.size(), block->capacity);
    std::memcpy(block->data, offered_.data(), n);
    offered_.remove_prefix(n);
    if (!ConnectionIo::ReceivedBlock(*connection_, block, n)) io::BlockPool::Unref(block);
  }
  ConnectionIo::DeliverInput(*connection_);
  return true;
}

Error MemoryBackend::Attach(netpoll::Connection& c) {
  connection_ = &c;
  return {};
}

void MemoryBackend::Close(netpoll::Connection& c) {
  connection_ = nullptr;
  ConnectionIo::ForgetFd(c);
}

ssize_t MemoryBackend::Send(int, const iovec* parts, int count) {
  size_t sent = 0;
  for (int i = 0; i < count; ++i) {
    sent += parts[i].iov_len;
    if (keep_) sent_.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  }
  sent_bytes_ += sent;
  return static_cast<ssize_t>(sent);
}

ssize_t MemoryBackend::SendFile(int, int file, int64_t offset, size_t count) {
  if (keep_) {
    std::string bytes(count, '\0');
    const ssize_t n = ::pread(file, bytes.data(), count, offset);
    if (n < 0) return -errno;
    sent_.append(bytes, 0, static_cast<size_t>(n));
    count = static_cast<size_t>(n);
  }
  sent_bytes_ += count;
  return static_cast<ssize_t>(count);
}

Result<netpoll::SocketAddress> MemoryBackend::PeerAddress(int) {
  netpoll::SocketAddress address;
  auto& four = reinterpret_cast<sockaddr_in&>(address.storage);
  four.sin_family = AF_INET;
  four.sin_port = htons(50000);
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.size = sizeof(sockaddr_in);
  return address;
}

// Calls are measured, as always, but never moved to workers: under valgrind all calls are slow.
MemoryServer::MemoryServer(http::Handler& handler, const engine::ConnSettings& settings,
                           std::unique_ptr<io::RecordLayer> layer,
                           std::unique_ptr<MemoryBackend> backend)
    : engine_(handler, engine::WithPlacementLimit(std::chrono::seconds(10)),
              engine::WithStallTime(kUnlimited)) {
  backend_ = backend.get();
  loop_ = netpoll::Loop::CreateOver(std::move(backend), {});
  scheduler_ = std::make_unique<fiber::Scheduler>(*loop_);
  serving_ = engine::LoopEngine::Create(engine_, *scheduler_, settings, shared_);
  LayerGate gate(*serving_, std::move(layer));
  const Result<netpoll::Connection*> adopted = loop_->Adopt(1, gate);
  HON_ASSERT(adopted.has_value());
}

MemoryServer::~MemoryServer() {
  serving_->CloseAll(io::ErrClosed);
  while (serving_->Connections() != 0 || scheduler_->Live() != 0) loop_->Turn(Duration::zero());
  serving_.reset();
  scheduler_.reset();
}

void MemoryServer::Serve(std::string_view wire, size_t answer_bytes) {
  const size_t wanted = backend_->SentBytes() + answer_bytes;
  backend_->Offer(wire);
  do {
    HON_ASSERT(!backend_->Closed());
    loop_->Turn(Duration::zero());
  } while (backend_->SentBytes() < wanted);
  HON_ASSERT(backend_->SentBytes() == wanted);
}

size_t MemoryServer::Turn(std::string_view wire) {
  const size_t before = backend_->SentBytes();
  backend_->Offer(wire);
  loop_->Turn(Duration::zero());
  return backend_->SentBytes() - before;
}

std::string MemoryServer::Answer(std::string_view wire) {
  backend_->KeepSent(true);
  backend_->Sent().clear();
  backend_->Offer(wire);
  for (int quiet = 0; quiet < kQuietTurns; ++quiet) {
    const size_t before = backend_->SentBytes();
    loop_->Turn(Duration::zero());
    if (backend_->SentBytes() != before) quiet = 0;
  }
  backend_->KeepSent(false);
  return std::exchange(backend_->Sent(), {});
}

}  // namespace hon::bench
