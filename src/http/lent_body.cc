#include "http/lent_body.h"

#include "hon/http/timeout_handler.h"

namespace hon::http {

LentBody::LentBody(Request& lender, Request& borrower)
    : lender_(&lender),
      borrower_(&borrower),
      has_limit_(lender.Body.HasLimit()),
      left_(appcontext::WithCancel(appcontext::Background())) {}

io::IoResult LentBody::Read(std::span<char> into) {
  {
    const std::lock_guard lock(mutex_);
    if (taken_) return {0, ErrHandlerTimeout};
    reading_ = true;
  }
  io::IoResult result = lender_->Body.Read(into);
  const std::lock_guard lock(mutex_);
  reading_ = false;
  if (taken_) {
    if (result.n == 0) result.err = ErrHandlerTimeout;
    left_.cancel();
  } else if (result.err.Is(io::ErrEof)) {
    borrower_->Trailer = lender_->Trailer.Clone();
  }
  return result;
}

Error LentBody::Close() {
  const std::lock_guard lock(mutex_);
  return taken_ ? Error() : lender_->Body.Close();
}

void LentBody::TakeBack(ResponseWriter& w, Spawner& spawner) {
  {
    const std::lock_guard lock(mutex_);
    taken_ = true;
    if (!reading_) return;
  }
  static_cast<void>(
      w.SetReadDeadline(TimePoint{}));  // a writer that cannot lets it wait itself out
  spawner.Wait(left_.context);
}

}  // namespace hon::http
