#pragma once

#include <memory>
#include <mutex>

#include "client/core.h"
#include "hon/http/request.h"
#include "hon/http/response.h"

namespace hon::client {

/// A loop on a thread of its own, for calls of threads that have no loop.
class OwnLoop;

/// Makes the calls of threads without a loop on a loop: the caller blocks, and reads the request's
/// body itself. Any thread.
class Bridge {
 public:
  explicit Bridge(std::shared_ptr<Core> core);
  /// Answers that are still held stay valid.
  ~Bridge();
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  Result<http::Response> RoundTrip(const http::Request& r);

 private:
  std::shared_ptr<Core> core_;
  std::mutex mutex_;
  std::shared_ptr<OwnLoop> loop_;  // made by the first call
};

}  // namespace hon::client
