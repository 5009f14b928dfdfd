#include "hon/tls/certificate_watch.h"

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

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

CertificateWatch::CertificateWatch(std::shared_ptr<ServerContext> context, Duration interval,
                                   Report report)
    : context_(std::move(context)),
      interval_(interval),
      report_(std::move(report)),
      seen_(StateOf(context_->CertificateFiles())) {}

Result<std::unique_ptr<CertificateWatch>> CertificateWatch::Start(
    std::shared_ptr<ServerContext> context, Duration interval, Report report) {
  std::unique_ptr<CertificateWatch> self(
      new CertificateWatch(std::move(context), interval, std::move(report)));
  HON_TRY(self->thread_, Thread::Start({.name = "hon-certs"}, [raw = self.get()] { raw->Main(); }));
  return self;
}

CertificateWatch::~CertificateWatch() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  if (thread_.Joinable()) thread_.Join();
}

void CertificateWatch::Main() {
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
void CertificateWatch::Look() {
  const std::string state = StateOf(context_->CertificateFiles());
  if (state == seen_) return;
  if (Error why = context_->Reload()) {
    if (std::exchange(failed_, state) == state) return;
    return report_("http: certificates stay as they are: " + why.Message());
  }
  seen_ = state;
  failed_.clear();
  warn_again_at_ = {};
  report_("http: certificates were read anew; the first ends in " +
          std::to_string(context_->DaysLeft()) + " days");
}

void CertificateWatch::WarnOfExpiry() {
  const auto left = context_->NotAfter() - std::chrono::system_clock::now();
  const TimePoint now = Clock::now();
  if (left > kExpiryWarning || now < warn_again_at_) return;
  warn_again_at_ = now + std::chrono::hours(24);
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(left).count();
  report_(left < Duration::zero()
              ? "http: a certificate has expired; renew it"
              : "http: a certificate ends in " + std::to_string(hours) + " hours; renew it");
}

}  // namespace hon::tls
