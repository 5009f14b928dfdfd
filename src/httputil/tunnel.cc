#include "httputil/tunnel.h"

#include <functional>
#include <utility>

#include "hon/base/assert.h"
#include "hon/io/stream.h"

namespace hon::httputil::internal {

Error Tunnel::Join(http::ResponseWriter& w, std::string_view protocol, const http::Header& fields,
                   std::unique_ptr<io::Conn> server, http::Spawner::Home* elsewhere,
                   Duration stall_timeout) {
  const auto on_loop = [elsewhere](const std::function<void()>& work) {
    elsewhere == nullptr ? work() : elsewhere->Do(work);
  };
  const auto tunnel = std::make_shared<Tunnel>(stall_timeout);
  on_loop([&] { tunnel->home_ = fiber::Scheduler::Current(); });
  Error err = w.Upgrade(protocol, fields, tunnel->client_);
  if (!err && tunnel->strange_) {
    err = Error::Of(http::ErrNotSupported,
                    "httputil: an upgrade on another thread than that of the connection");
  }
  on_loop([&] {
    if (err) return server.reset();
    tunnel->Connect(std::move(server));
  });
  return err;
}

// Called on the loop of both connections. The client, which has received its 101, may have left.
void Tunnel::Connect(std::unique_ptr<io::Conn> server) {
  if (client_.conn == nullptr || server->BecomeEvented(server_)) return Abort();
  Move(client_, server_);
  Move(server_, client_);
}

void Tunnel::End::OnOpen(std::unique_ptr<io::EventConn> opened) {
  if (fiber::Scheduler::Current() != tunnel_.home_) {
    tunnel_.strange_ = true;
    return;  // the destructor resets the connection
  }
  conn = std::move(opened);
  keep_ = tunnel_.shared_from_this();
}

void Tunnel::End::OnDrained() {
  stalled = false;
  conn->SetDeadline(io::ConnDeadline::kWrite, kNever);
  tunnel_.Move(tunnel_.OtherOf(*this), *this);
}

void Tunnel::End::OnDeadline(io::ConnDeadline which) {
  if (which == io::ConnDeadline::kWrite) tunnel_.Abort();
}

void Tunnel::End::OnClosed(const Error& why) {
  const std::shared_ptr<Tunnel> last = std::move(keep_);
  const std::unique_ptr<io::EventConn> closed = std::move(conn);
  End& other = tunnel_.OtherOf(*this);
  if (other.conn == nullptr) return;
  // A connection whose directions have both ended is closed with ErrEof, while its last bytes may
  // wait for room in the output of the other one.
  const bool whole =
      !why || (why.Is(io::ErrEof) && closed->InputEnded() && !closed->InputTruncated());
  if (whole) other.conn->Out().Append(std::move(closed->In()));
  other.conn->Close(whole ? io::ConnClose::kGraceful : io::ConnClose::kAbort);
}

// Sends `to` the received bytes of `from`, as far as there is room.
void Tunnel::Move(End& from, End& to) {
  if (from.conn == nullptr || to.conn == nullptr) return;
  io::LinkBuffer& in = from.conn->In();
  while (!in.Empty()) {         // NOLINT(bugprone-use-after-move): Append leaves it empty
    if (!MakeRoom(to)) return;  // OnDrained continues
    to.conn->Out().Append(std::move(in));
    to.conn->SendSoon();
    from.conn->ConsumedInput();
  }
  if (from.conn->InputEnded() && !from.input_ended) PassEnd(from, to);
}

// Whether there is room in the output of `to`.
bool Tunnel::MakeRoom(End& to) const {
  if (to.conn->Out().Len() < io::kHighWaterBytes) return true;
  if (to.stalled) return false;
  to.conn->SendNow({}, {});
  if (to.conn->Out().Empty()) return true;
  to.stalled = true;
  to.conn->SetDeadline(io::ConnDeadline::kWrite, DeadlineAfter(Clock::now(), stall_timeout_));
  return false;
}

// `from` has ended its output: ends that of `to`.
void Tunnel::PassEnd(End& from, End& to) {
  from.input_ended = true;
  if (from.conn->InputTruncated()) return Abort();
  to.conn->CloseWrite();
  if (!to.input_ended) return;
  from.conn->Close(io::ConnClose::kGraceful);
  to.conn->Close(io::ConnClose::kGraceful);
}

void Tunnel::Abort() {
  for (End* end : {&client_, &server_}) {
    if (end->conn != nullptr) end->conn->Close(io::ConnClose::kAbort);
  }
}

}  // namespace hon::httputil::internal
