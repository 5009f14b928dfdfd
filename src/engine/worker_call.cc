#include "engine/worker_call.h"

#include <algorithm>
#include <utility>

#include "hon/fiber/fiber.h"
#include "workers/pattern_load.h"
#include "workers/remote_conn.h"

namespace hon::engine {

WorkerCall::Outcome WorkerCall::Run(workers::WorkerPool& pool, const Parts& parts) {
  TakeOver(parts);
  if (!pool.Submit(*this)) {
    HandBack(parts);
    return Outcome::kNoWorker;
  }
  while (!done_) fiber::Park();
  HandBack(parts);
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  return outcome_;
}

void WorkerCall::Answer(Outcome outcome) {
  outcome_ = outcome;
  home_->Post(*this);
}

void WorkerCall::TakeOver(const Parts& parts) {
  parts_ = &parts;
  SetRoute(parts.route);
  caller_ = fiber::Current();
  done_ = false;
  outcome_ = Outcome::kCalled;
  // A copy: the loop goes on writing its own.
  std::copy(parts.date.begin(), parts.date.end(), date_.begin());
  stream_.Attach(*home_, *this);
  parts.body.MoveTo(stream_);
  parts.response.MoveTo(stream_, *this, {date_.data(), date_.size()});
}

void WorkerCall::HandBack(const Parts& parts) {
  stream_.GiveBack();
  parts.body.MoveTo(parts.stream);
  parts.response.MoveTo(parts.stream, parts.control, parts.date);
  parts_ = nullptr;
}

void WorkerCall::Execute() {
  fiber::SetContext(&parts_->request.Context());
  fiber::SetName(&parts_->request.Pattern);
  fiber::SetSwitchHooks({.before_suspend =
                             [](void* self) {
                               auto& call = *static_cast<WorkerCall*>(self);
                               call.burst_.Suspend();
                               call.stream_.LendOutput();
                             },
                         .after_resume =
                             [](void* self) {
                               auto& call = *static_cast<WorkerCall*>(self);
                               call.stream_.TakeOutputBack();
                               call.burst_.Resume();
                             },
                         .argument = this});
  burst_.Reset();
  burst_.Resume();
  try {
    parts_->handler.ServeHTTP(parts_->writer, parts_->request);
  } catch (...) {
    failure_ = std::current_exception();
  }
  burst_.Suspend();
  fiber::SetSwitchHooks({});
  fiber::SetContext(nullptr);
  fiber::SetName(nullptr);
  workers::RecordCall(Route().runner_word, burst_.Longest(), limit_);
  home_->Post(*this);  // from here on it may serve another exchange
}

void WorkerCall::Run() {
  done_ = true;
  fiber::Wake(*caller_);
}

Result<std::unique_ptr<io::Conn>> WorkerCall::Hijack() {
  Result<std::unique_ptr<io::Conn>> conn = Fail(io::ErrClosed);
  stream_.OnLoop([&] {
    stream_.GiveBack();
    conn = parts_->control.Hijack();
    if (conn) conn = std::make_unique<workers::RemoteConn>(*home_, *std::move(conn));
  });
  return conn;
}

Error WorkerCall::SetRequestDeadline(TimePoint deadline) {
  Error err;
  stream_.OnLoop([&] { err = parts_->control.SetRequestDeadline(deadline); });
  return err;
}

bool WorkerCall::KeepAlive() const { return parts_->control.KeepAlive(); }

void WorkerCall::LogHandlerError(std::string_view message) {
  parts_->control.LogHandlerError(message);
}

}  // namespace hon::engine
