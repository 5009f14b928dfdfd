#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/result.h"
#include "hon/base/thread.h"
#include "hon/base/time.h"
#include "hon/tls/context.h"

namespace hon::tls {

/// A certificate that is valid for less than this time is reported once a day.
inline constexpr Duration kExpiryWarning = std::chrono::hours(72);

/// Checks the files of a context's certificates, on a thread of its own. When one of the files has
/// changed, all are read anew (ServerContext::Reload). Unusable files are reported once, leave the
/// certificates unchanged, and are tried again at each check. A server starts one watch for each
/// listener.
class CertificateWatch {
 public:
  /// Called on the thread of the watch with one line for a log: the files that were read, the
  /// reason why they were not, or the expiry of a certificate.
  using Report = std::function<void(std::string_view line)>;

  /// Checks after each `interval`. Fails where the system gives no thread.
  static Result<std::unique_ptr<CertificateWatch>> Start(std::shared_ptr<ServerContext> context,
                                                         Duration interval, Report report);
  /// Waits for a pending check.
  ~CertificateWatch();
  CertificateWatch(const CertificateWatch&) = delete;
  CertificateWatch& operator=(const CertificateWatch&) = delete;

 private:
  CertificateWatch(std::shared_ptr<ServerContext> context, Duration interval, Report report);
  void Main();
  void Look();
  void WarnOfExpiry();

  const std::shared_ptr<ServerContext> context_;
  const Duration interval_;
  const Report report_;
  std::string seen_;    // the state of the files in use
  std::string failed_;  // the state of the files of the last report
  TimePoint warn_again_at_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;  // guarded by mutex_
  Thread thread_;
};

}  // namespace hon::tls
