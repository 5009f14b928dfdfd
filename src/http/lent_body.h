#pragma once

#include <mutex>

#include "hon/appcontext/context.h"
#include "hon/http/request.h"
#include "hon/http/response_writer.h"
#include "hon/http/spawner.h"

namespace hon::http {

/// The body of one request, for a copy of it that may outlive it and be read on another thread: can
/// be taken back.
class LentBody final : public BodySource {
 public:
  /// `lender`, a request of `home`, lives until TakeBack has returned; `borrower`, the copy, as
  /// long as this is read.
  LentBody(Request& lender, Spawner::Home& home, Request& borrower);

  io::IoResult Read(std::span<char> into) override;
  Error Close() override;
  [[nodiscard]] bool HasLimit() const override { return has_limit_; }

  /// From here on reads fail with ErrHandlerTimeout. One that waits for the peer is ended, through
  /// the read deadline of `w`, and awaited. At home.
  void TakeBack(ResponseWriter& w, Spawner& spawner);

 private:
  /// False when it has been taken back; otherwise Leave follows.
  [[nodiscard]] bool Enter();
  /// True when it has been taken back meanwhile.
  bool Leave();

  Request* lender_;
  Spawner::Home* home_;
  Request* borrower_;
  const bool has_limit_;
  const appcontext::Cancelable left_;  // ends when a call that TakeBack awaits has returned
  std::mutex mutex_;                   // what follows; never held across a wait
  bool in_use_ = false;
  bool taken_ = false;
};

}  // namespace hon::http
