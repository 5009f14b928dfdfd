#include "engine/loaned_conn.h"

#include "engine/http1_conn.h"
#include "hon/netpoll/loop.h"

namespace hon::engine {
namespace {

using netpoll::DeadlineKind;

constexpr DeadlineKind KindOf(io::ConnDeadline which) {
  switch (which) {
    case io::ConnDeadline::kRead:
      return DeadlineKind::kRead;
    case io::ConnDeadline::kWrite:
      return DeadlineKind::kWrite;
    case io::ConnDeadline::kIdle:
      break;
  }
  return DeadlineKind::kIdle;
}

}  // namespace

io::ConnDeadline LoanedConn::DeadlineOf(DeadlineKind kind) {
  switch (kind) {
    case DeadlineKind::kRead:
      return io::ConnDeadline::kRead;
    case DeadlineKind::kWrite:
      return io::ConnDeadline::kWrite;
    case DeadlineKind::kIdle:
      break;
  }
  return io::ConnDeadline::kIdle;
}

LoanedConn::~LoanedConn() {
  if (owner_ != nullptr) owner_->LoanDestroyed();
}

void LoanedConn::SendNow(std::string_view head, std::string_view body) {
  const bool flush = head.empty() && body.empty();
  const Error err = flush ? connection_->Flush() : connection_->SendNow(head, body);
  static_cast<void>(err);  // a broken connection tells by OnClosed
}

void LoanedConn::SetDeadline(io::ConnDeadline which, TimePoint deadline) {
  if (owner_ != nullptr) connection_->SetDeadline(KindOf(which), deadline);
}

void LoanedConn::Close(io::ConnClose how) {
  if (owner_ == nullptr) return;
  if (how == io::ConnClose::kAbort) return owner_->AbortLoan();
  if (!std::exchange(returned_, true)) owner_->LoanReturned();
}

void LoanedConn::Post(std::function<void()> function) {
  connection_->GetLoop().Post(std::move(function));
}

bool LoanedConn::InLoop() const { return connection_->GetLoop().InLoopThread(); }

}  // namespace hon::engine
