#include "hon/tls/certificate_watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "hon/base/thread.h"

namespace hon::tls {
namespace {

// A text that changes whenever a file is written, replaced or removed.
std::string StateOf(const std::vector<std::string>& files) {
  std::string state;
  for (const std::string& file : files) {
    struct stat info = {};
    std::error_code none;
    if (::stat(file.c_str(), &info) == 0) {
      const auto written = std::filesystem::last_write_time(file, none).time_since_epoch();
      for (const auto part :
           {static_cast<long long>(info.st_ino), static_cast<long long>(info.st_size),
            static_cast<long long>(written.count())}) {
        state += ' ' + std::to_string(part);
      }
    }
    state += '\n';
  }
  return state;
}

}  // namespace

/// The checks of one context, for all its watches.
class CertificateChecker {
 public:
  /// The checker of the context, which the first call makes.
  static std::shared_ptr<CertificateChecker> Of(const std::shared_ptr<ServerContext>& context,
                                                Duration interval) {
    std::string state = StateOf(context->CertificateFiles());
    const std::lock_guard lock(context->mutex_);
    std::shared_ptr<CertificateChecker> self = context->checker_.lock();
    if (self == nullptr) {
      self.reset(new CertificateChecker(context, interval, std::move(state)));
      context->checker_ = self;
    }
    return self;
  }
  ~CertificateChecker() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_one();
    if (thread_.Joinable()) thread_.Join();
  }
  CertificateChecker(const CertificateChecker&) = delete;
  CertificateChecker& operator=(const CertificateChecker&) = delete;

  /// Fails where the system gives no thread for the checks, which the first call starts.
  Error Add(const CertificateWatch& watch, const void* owner, CertificateWatch::Report report) {
    const std::lock_guard lock(reports_mutex_);
    if (!thread_.Joinable()) {
      Result<Thread> thread = Thread::Start({.name = "hon-certs"}, [this] { Main(); });
      if (!thread) return std::move(thread.error());
      thread_ = std::move(*thread);
    }
    reports_.push_back({&watch, owner, std::move(report)});
    return {};
  }
  void Remove(const CertificateWatch& watch) {
    const std::lock_guard lock(reports_mutex_);
    std::erase_if(reports_, [&](const Listed& one) { return one.watch == &watch; });
  }

 private:
  struct Listed {
    const CertificateWatch* watch;
    const void* owner;
    CertificateWatch::Report report;
  };

  CertificateChecker(std::shared_ptr<ServerContext> context, Duration interval, std::string state)
      : context_(std::move(context)), interval_(interval), seen_(std::move(state)) {}
  void Main();
  void Look();
  void WarnOfExpiry();
  void Tell(std::string_view line);

  const std::shared_ptr<ServerContext> context_;
  const Duration interval_;
  std::string seen_;    // the state of the files in use
  std::string failed_;  // the state of the files of the last report
  TimePoint warn_again_at_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;         // guarded by mutex_
  std::mutex reports_mutex_;  // held while a report is made; guards the members below
  std::vector<Listed> reports_;
  Thread thread_;
};

void CertificateChecker::Main() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    lock.unlock();
    WarnOfExpiry();
    lock.lock();
    if (changed_.wait_for(lock, interval_, [this] { return stop_; })) return;
    lock.unlock();
    Look();
    lock.lock();
  }
}

// The state is taken before the files are read: the next check sees a change in between.
void CertificateChecker::Look() {
  const std::string state = StateOf(context_->CertificateFiles());
  if (state == seen_) return;
  if (Error why = context_->Reload()) {
    if (std::exchange(failed_, state) == state) return;
    return Tell("http: certificates stay as they are: " + why.Message());
  }
  seen_ = state;
  failed_.clear();
  warn_again_at_ = {};
  Tell("http: certificates were read anew; the first ends in " +
       std::to_string(context_->DaysLeft()) + " days");
}

void CertificateChecker::WarnOfExpiry() {
  const auto left = context_->NotAfter() - std::chrono::system_clock::now();
  const TimePoint now = Clock::now();
  if (left > kExpiryWarning || now < warn_again_at_) return;
  warn_again_at_ = now + std::chrono::hours(24);
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(left).count();
  Tell(left < Duration::zero()
           ? "http: a certificate has expired; renew it"
           : "http: a certificate ends in " + std::to_string(hours) + " hours; renew it");
}

void CertificateChecker::Tell(std::string_view line) {
  const std::lock_guard lock(reports_mutex_);
  for (auto one = reports_.begin(); one != reports_.end(); ++one) {
    const bool told =
        one->owner != nullptr && std::any_of(reports_.begin(), one, [&](const Listed& earlier) {
          return earlier.owner == one->owner;
        });
    if (!told) one->report(line);
  }
}

Result<std::unique_ptr<CertificateWatch>> CertificateWatch::Start(
    const std::shared_ptr<ServerContext>& context, Duration interval, Report report,
    const void* owner) {
  std::unique_ptr<CertificateWatch> self(
      new CertificateWatch(CertificateChecker::Of(context, interval)));
  if (Error why = self->checker_->Add(*self, owner, std::move(report))) return Fail(std::move(why));
  return self;
}

CertificateWatch::~CertificateWatch() { checker_->Remove(*this); }

}  // namespace hon::tls
