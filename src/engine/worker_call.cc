#include "engine/worker_call.h"

#include <algorithm>
#include <new>
#include <utility>

#include "hon/base/assert.h"
#include "workers/remote_conn.h"

namespace hon::engine {

WorkerCall::Outcome WorkerCall::Run(workers::WorkerPool& pool, const Parts& parts) {
  Outcome outcome = Outcome::kNoWorker;
  try {
    TakeOver(parts);
    outcome = Call::Run(pool, parts.route, parts.request.Context(), parts.request.Pattern);
    Remote().GiveBack();
  } catch (const std::bad_alloc&) {
    // Bytes between connection and worker are lost; the exchange ends the connection.
    Drop();
    MoveBack(parts);
    throw;
  }
  MoveBack(parts);
  RethrowFailure();
  return outcome;
}

void WorkerCall::TakeOver(const Parts& parts) {
  HON_ASSERT(parts_ == nullptr);
  HON_ASSERT(parts.date.size() <= date_.size());
  parts_ = &parts;
  // A copy: the loop overwrites its own once a second.
  std::copy(parts.date.begin(), parts.date.end(), date_.begin());
  Remote().Attach(Home(), *this);
  parts.lent.body.MoveTo(Remote());
  parts.lent.owner.MoveAnswer(Remote(), *this, {date_.data(), date_.size()});
}

void WorkerCall::MoveBack(const Parts& parts) {
  HON_ASSERT(parts_ == &parts);
  parts.lent.body.MoveTo(parts.lent.stream);
  parts.lent.owner.MoveAnswer(parts.lent.stream, parts.lent.control, parts.date);
  parts_ = nullptr;
}

Result<std::unique_ptr<io::Conn>> WorkerCall::Hijack(std::string_view first) {
  Result<std::unique_ptr<io::Conn>> conn = Fail(io::ErrClosed);
  Remote().OnLoop([&] {
    Remote().GiveBack();
    conn = parts_->lent.control.Hijack(first);
    if (conn) conn = std::make_unique<workers::RemoteConn>(Home(), *std::move(conn));
  });
  return conn;
}

Error WorkerCall::Lend(io::ConnSink& sink, bool keep_alive) {
  Error err;
  Remote().OnLoop([&] {
    Remote().GiveBack();
    err = parts_->lent.control.Lend(sink, keep_alive);
  });
  return err;
}

Error WorkerCall::SetRequestDeadline(TimePoint deadline) {
  Error err;
  Remote().OnLoop([&] { err = parts_->lent.control.SetRequestDeadline(deadline); });
  return err;
}

bool WorkerCall::KeepAlive() const { return parts_->lent.control.KeepAlive(); }

void WorkerCall::OnLoop(void (*work)(void*), void* argument) {
  Remote().OnLoop([&] {
    Remote().PushOutput();  // keeps the order of writes
    work(argument);
  });
}

void WorkerCall::LogHandlerError(std::string_view message) {
  parts_->lent.control.LogHandlerError(message);
}

}  // namespace hon::engine
