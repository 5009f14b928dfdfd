#pragma once

#include <mutex>

#include "hon/appcontext/context.h"
#include "hon/http/request.h"
#include "hon/http/response_writer.h"
#include "hon/http/spawner.h"

namespace hon::http {

/// The body of one request, for a copy of it that may outlive it: can be taken back.
class LentBody final : public BodySource {
 public:
  /// `lender` lives until TakeBack; `borrower`, the copy, as long as this is read.
  LentBody(Request& lender, Request& borrower);

  io::IoResult Read(std::span<char> into) override;
  Error Close() override;
  [[nodiscard]] bool HasLimit() const override { return has_limit_; }

  /// From here on reads fail with ErrHandlerTimeout. One that waits for the peer is ended, through
  /// the read deadline of `w`, and awaited.
  void TakeBack(ResponseWriter& w, Spawner& spawner);

 private:
  Request* lender_;
  Request* borrower_;
  const bool has_limit_;
  const appcontext::Cancelable left_;  // ends when a read that TakeBack awaits has returned
  std::mutex mutex_;                   // what follows; never held across a wait
  bool reading_ = false;
  bool taken_ = false;
};

}  // namespace hon::http
