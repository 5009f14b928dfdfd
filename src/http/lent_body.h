#pragma once

#include <mutex>

#include "hon/appcontext/context.h"
#include "hon/http/request.h"
#include "hon/http/response_writer.h"
#include "hon/http/spawner.h"

namespace hon::http {

/// The body of a request, lent to a copy of the request that may outlive it and be read on another
/// thread. TakeBack ends the loan.
class LentBody final : public BodySource {
 public:
  /// `lender`, a request that runs on `home`, lives until TakeBack has returned. `borrower`, the
  /// copy, lives as long as the body is read.
  LentBody(Request& lender, Spawner::Home& home, Request& borrower);

  io::IoResult Read(std::span<char> into) override;
  Error Close() override;
  [[nodiscard]] bool HasLimit() const override { return has_limit_; }

  /// Makes later reads fail with ErrHandlerTimeout. Ends a read that waits for the peer, through
  /// the read deadline of `w`, and waits until it has returned. Called on `home`.
  void TakeBack(ResponseWriter& w, Spawner& spawner);

 private:
  /// Returns false when the body has been taken back; otherwise a call of Leave must follow.
  [[nodiscard]] bool Enter();
  /// Returns true when the body has been taken back meanwhile.
  bool Leave();

  Request* lender_;
  Spawner::Home* home_;
  Request* borrower_;
  const bool has_limit_;
  const appcontext::Cancelable left_;  // ends when a call that TakeBack awaits has returned
  std::mutex mutex_;                   // guards the members below; never held across a wait
  bool in_use_ = false;
  bool taken_ = false;
};

}  // namespace hon::http
