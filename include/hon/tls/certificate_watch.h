#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "hon/base/result.h"
#include "hon/base/time.h"
#include "hon/tls/context.h"

namespace hon::tls {

class CertificateChecker;

/// A certificate that is valid for less than this time is reported once a day.
inline constexpr Duration kExpiryWarning = std::chrono::hours(72);

/// Checks the files of a context's certificates, on a thread of its own. When one of the files has
/// changed, all are read anew (ServerContext::Reload). Unusable files are reported once, leave the
/// certificates unchanged, and are tried again at each check. All watches of one context share the
/// thread and its checks. A server starts one watch for each listener with TLS.
class CertificateWatch {
 public:
  /// Called on the thread of the checks with one line for a log: the files that were read, the
  /// reason why they were not, or the expiry of a certificate.
  using Report = std::function<void(std::string_view line)>;

  /// Checks after each `interval`; where the context has a watch already, at its interval. Of
  /// several watches with one `owner`, which null is not, only the first reports. Fails where the
  /// system gives no thread.
  static Result<std::unique_ptr<CertificateWatch>> Start(
      const std::shared_ptr<ServerContext>& context, Duration interval, Report report,
      const void* owner = nullptr);
  /// Waits for a pending report, and the last watch for a pending check.
  ~CertificateWatch();
  CertificateWatch(const CertificateWatch&) = delete;
  CertificateWatch& operator=(const CertificateWatch&) = delete;

 private:
  explicit CertificateWatch(std::shared_ptr<CertificateChecker> checker)
      : checker_(std::move(checker)) {}

  std::shared_ptr<CertificateChecker> checker_;
};

}  // namespace hon::tls
