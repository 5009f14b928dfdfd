#include "http/lent_body.h"

#include "hon/http/timeout_handler.h"

namespace hon::http {

LentBody::LentBody(Request& lender, Spawner::Home& home, Request& borrower)
    : lender_(&lender),
      home_(&home),
      borrower_(&borrower),
      has_limit_(lender.Body.HasLimit()),
      left_(appcontext::WithCancel(appcontext::Background())) {}

bool LentBody::Enter() {
  const std::lock_guard lock(mutex_);
  if (taken_) return false;
  in_use_ = true;
  return true;
}

bool LentBody::Leave() {
  const std::lock_guard lock(mutex_);
  in_use_ = false;
  if (taken_) left_.cancel();
  return taken_;
}

// Runs as a whole on `home`, so that TakeBack never waits for the reader's thread, which a handler
// may block.
io::IoResult LentBody::Read(std::span<char> into) {
  if (!Enter()) return {0, ErrHandlerTimeout};
  io::IoResult result;
  home_->Do([&] {
    result = lender_->Body.Read(into);
    if (result.err.Is(io::ErrEof)) borrower_->Trailer = lender_->Trailer.Clone();
    if (Leave() && result.n == 0) result.err = ErrHandlerTimeout;
  });
  return result;
}

Error LentBody::Close() {
  Error err;
  if (!Enter()) return err;
  home_->Do([&] {
    err = lender_->Body.Close();
    Leave();
  });
  return err;
}

void LentBody::TakeBack(ResponseWriter& w, Spawner& spawner) {
  {
    const std::lock_guard lock(mutex_);
    taken_ = true;
    if (!in_use_) return;
  }
  static_cast<void>(w.SetReadDeadline(TimePoint{}));  // without deadlines the read ends by itself
  spawner.Wait(left_.context);
}

}  // namespace hon::http
