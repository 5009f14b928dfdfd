#include "workers/remote_conn.h"

#include <string>
#include <utility>

#include "hon/base/assert.h"

namespace hon::workers {

/// Owns the connection on a fiber of the connection's loop: a loop does not end before its fibers.
class RemoteConn::Keeper {
 public:
  static Keeper* Start(std::unique_ptr<io::Conn> conn) {
    auto* keeper = new Keeper(std::move(conn));
    fiber::Go([keeper] {
      const std::unique_ptr<Keeper> self(keeper);
      self->fiber_ = fiber::Current();
      while (!self->ended_) fiber::Park();
    });
    return keeper;
  }
  [[nodiscard]] io::Conn& Conn() { return *conn_; }
  void End() {
    HON_ASSERT(!ended_);
    ended_ = true;
    if (fiber_ != nullptr) fiber::Wake(*fiber_);
  }

 private:
  explicit Keeper(std::unique_ptr<io::Conn> conn) : conn_(std::move(conn)) {}

  std::unique_ptr<io::Conn> conn_;
  fiber::Fiber* fiber_ = nullptr;  // null until it runs
  bool ended_ = false;
};

RemoteConn::RemoteConn(LoopExecutor& home, std::unique_ptr<io::Conn> conn)
    : home_(&home), keeper_(Keeper::Start(std::move(conn))) {}

RemoteConn::~RemoteConn() {
  RunOn(*home_, [this] { keeper_->End(); });
}

io::IoResult RemoteConn::Read(std::span<char> into) {
  io::IoResult result;
  RunOn(*home_, [&] { result = keeper_->Conn().Read(into); });
  return result;
}

io::IoResult RemoteConn::Write(std::string_view data) {
  io::IoResult result;
  RunOn(*home_, [&] { result = keeper_->Conn().Write(data); });
  return result;
}

Error RemoteConn::CloseWrite() {
  Error err;
  RunOn(*home_, [&] { err = keeper_->Conn().CloseWrite(); });
  return err;
}

Error RemoteConn::Close() {
  Error err;
  RunOn(*home_, [&] { err = keeper_->Conn().Close(); });
  return err;
}

void RemoteConn::SetReadDeadline(TimePoint deadline) {
  RunOn(*home_, [&] { keeper_->Conn().SetReadDeadline(deadline); });
}

void RemoteConn::SetWriteDeadline(TimePoint deadline) {
  RunOn(*home_, [&] { keeper_->Conn().SetWriteDeadline(deadline); });
}

Error RemoteConn::BecomeEvented(io::ConnSink& sink) {
  Error err;
  RunOn(*home_, [&] { err = keeper_->Conn().BecomeEvented(sink); });
  return err;
}

std::string RemoteConn::LocalAddr() const {
  std::string address;
  RunOn(*home_, [&] { address = keeper_->Conn().LocalAddr(); });
  return address;
}

std::string RemoteConn::RemoteAddr() const {
  std::string address;
  RunOn(*home_, [&] { address = keeper_->Conn().RemoteAddr(); });
  return address;
}

}  // namespace hon::workers
