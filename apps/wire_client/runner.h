#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "flags.h"
#include "hon/client/trace.h"
#include "hon/client/transport.h"
#include "hon/http/client.h"
#include "report.h"

namespace hon::wire {

/// The requests of one run. Any number of fibers and threads may call Work at once.
class Runner {
 public:
  explicit Runner(const ClientFlags& flags) : flags_(flags) {}

  /// Makes the client. Fails for files and URLs that cannot be used.
  Error Prepare();
  /// Makes requests until none is left, and prints a line for each.
  void Work();
  [[nodiscard]] bool Failed() const { return failed_; }

 private:
  void RunOne(const std::string& url);
  Error Send(const std::string& url, Report& report, std::shared_ptr<client::ClientTrace> trace);
  Result<http::Body> MakeBody(int64_t& length) const;
  void Follow(http::Client& client, Report& report) const;

  const ClientFlags& flags_;
  std::shared_ptr<client::Transport> transport_;
  http::Client client_{.Transport = nullptr};
  std::string body_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex output_;
};

}  // namespace hon::wire
