#include "hon/tls/context.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "tls/certificate_data.h"
#include "tls/certificate_set.h"
#include "tls/client_layer.h"
#include "tls/server_layer.h"
#include "tls/ssl_context.h"
#include "tls/ticket_keys.h"

namespace hon::tls {
namespace {

std::string NameForError(const Certificate& certificate) {
  if (!certificate.CertFile().empty()) return certificate.CertFile();
  return certificate.DNSNames().empty() ? "certificate" : certificate.DNSNames().front();
}

// "2026-11-30 00:00:00 UTC".
std::string DateText(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return {text.data(), size};
}

Error CheckValidNow(const Certificate& certificate) {
  const auto now = std::chrono::system_clock::now();
  if (now > certificate.Get().not_after) {
    return Error::New("tls: " + NameForError(certificate) + " has expired on " +
                      DateText(certificate.Get().not_after) + "; renew it");
  }
  if (now < certificate.Get().not_before) {
    return Error::New("tls: " + NameForError(certificate) + " is not valid before " +
                      DateText(certificate.Get().not_before) + "; is the clock right?");
  }
  return {};
}

}  // namespace

ServerContext::ServerContext(Config config)
    : config_(std::move(config)), tickets_(std::make_unique<TicketKeys>()) {}

ServerContext::~ServerContext() = default;

Result<std::shared_ptr<ServerContext>> ServerContext::Create(Config config) {
  if (Error why = CheckVersions(config)) return Fail(std::move(why));
  if (config.Certificates.empty() && !config.GetCertificate && !config.GetConfigForClient) {
    return Fail(Error::New(
        "tls: neither Certificates nor GetCertificate nor GetConfigForClient in the Config"));
  }
  for (const Certificate& certificate : config.Certificates) {
    if (!certificate) return Fail(Error::New("tls: an empty Certificate in the Config"));
  }
  const bool verifies = config.ClientAuth == ClientAuthType::kVerifyClientCertIfGiven ||
                        config.ClientAuth == ClientAuthType::kRequireAndVerifyClientCert;
  if (verifies && config.ClientCAs.Empty()) {
    return Fail(Error::New("tls: client certificates cannot be verified without ClientCAs"));
  }
  if (const auto list = AlpnList(config.NextProtos); !list) return Fail(list.error());
  std::shared_ptr<ServerContext> self(new ServerContext(std::move(config)));
  if (!self->config_.SessionTicketKeys.empty()) {
    if (Error why = self->SetSessionTicketKeys(self->config_.SessionTicketKeys)) {
      return Fail(std::move(why));
    }
  }
  self->certificates_ = std::make_shared<CertificateSet>(self->config_.Certificates);
  // Errors of the library are found now and not at the first handshake.
  LoopContext::Impl trial(self, {});
  trial.Refresh();
  if (const auto bare = NewSslContext(TLS_server_method(), self->config_); !bare) {
    return Fail(bare.error());
  }
  for (size_t i = 0; i < trial.certificates->all.size(); ++i) {
    if (const auto context = trial.ContextAt(i); !context) return Fail(context.error());
  }
  return self;
}

Error ServerContext::SetCertificates(std::vector<Certificate> certificates) {
  Error why = Replace(std::move(certificates));
  (why ? counters_.reload_failures : counters_.reloads).fetch_add(1, std::memory_order_relaxed);
  return why;
}

Error ServerContext::Reload() {
  Error why = Reread();
  (why ? counters_.reload_failures : counters_.reloads).fetch_add(1, std::memory_order_relaxed);
  return why;
}

Error ServerContext::Replace(std::vector<Certificate> certificates) {
  for (const Certificate& certificate : certificates) {
    if (!certificate) return Error::New("tls: an empty Certificate");
    HON_RETURN_IF_ERROR(CheckValidNow(certificate));
    Result<SslContextPtr> context = NewSslContext(TLS_server_method(), config_);
    if (!context) return std::move(context.error());
    HON_RETURN_IF_ERROR(UseCertificate(context->get(), certificate));
  }
  if (certificates.empty() && !config_.GetCertificate && !config_.GetConfigForClient)
    return Error::New("tls: no certificate");
  auto set = std::make_shared<CertificateSet>(std::move(certificates));
  const std::lock_guard lock(mutex_);
  set->generation = generation_.load(std::memory_order_relaxed) + 1;
  certificates_ = set;
  generation_.store(set->generation, std::memory_order_release);
  return {};
}

Error ServerContext::Reread() {
  std::vector<Certificate> fresh;
  const std::shared_ptr<const CertificateSet> set = Certificates();
  for (const Certificate& old : set->all) {
    if (old.CertFile().empty()) {
      fresh.push_back(old);
      continue;
    }
    Result<Certificate> read = LoadX509KeyPair(old.CertFile(), old.KeyFile());
    if (!read) return std::move(read.error());
    fresh.push_back(std::move(*read));
  }
  return Replace(std::move(fresh));
}

std::chrono::system_clock::time_point ServerContext::NotAfter() const {
  auto first = std::chrono::system_clock::time_point::max();
  const std::shared_ptr<const CertificateSet> set = Certificates();
  for (const Certificate& certificate : set->all) {
    first = std::min(first, certificate.NotAfter());
  }
  return first;
}

std::vector<std::string> ServerContext::CertificateFiles() const {
  std::vector<std::string> files;
  const std::shared_ptr<const CertificateSet> set = Certificates();
  for (const Certificate& certificate : set->all) {
    for (const std::string* file : {&certificate.CertFile(), &certificate.KeyFile()}) {
      const bool there = std::find(files.begin(), files.end(), *file) != files.end();
      if (!file->empty() && !there) files.push_back(*file);
    }
  }
  return files;
}

int64_t ServerContext::DaysLeft() const {
  const auto left = NotAfter() - std::chrono::system_clock::now();
  return std::chrono::floor<std::chrono::hours>(left).count() / 24;
}

ServerStats ServerContext::GetStats() const {
  const auto get = [](const std::atomic<uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
  };
  return {get(counters_.handshakes), get(counters_.resumed), get(counters_.failures),
          get(counters_.floods),     get(counters_.reloads), get(counters_.reload_failures)};
}

std::shared_ptr<const CertificateSet> ServerContext::Certificates() const {
  const std::lock_guard lock(mutex_);
  return certificates_;
}

Error ServerContext::SetSessionTicketKeys(const std::vector<SessionTicketKey>& keys) {
  return tickets_->Set(keys);
}

LoopContext::LoopContext(std::shared_ptr<ServerContext> server, std::vector<std::string> offered)
    : impl_(std::make_shared<Impl>(std::move(server), std::move(offered))) {}

LoopContext::~LoopContext() = default;

std::unique_ptr<io::RecordLayer> LoopContext::NewLayer() {
  return std::make_unique<ServerLayer>(impl_);
}

Duration LoopContext::HandshakeTimeout() const { return impl_->GetConfig().HandshakeTimeout; }

}  // namespace hon::tls
