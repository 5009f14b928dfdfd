#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/error.h"
#include "hon/base/result.h"

namespace hon::tls {

/// A chain of certificates with the private key of the first. A value that is cheap to copy and may
/// be shared between threads; it does not change.
class Certificate {
 public:
  struct Data;

  Certificate() = default;
  explicit Certificate(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  explicit operator bool() const { return data_ != nullptr; }

  /// The DNS names that it is for, in lower case, wildcards as "*.example.com".
  [[nodiscard]] const std::vector<std::string>& DNSNames() const;
  /// When the first certificate of the chain ends to be valid.
  [[nodiscard]] std::chrono::system_clock::time_point NotAfter() const;
  /// "" unless LoadX509KeyPair made it.
  [[nodiscard]] const std::string& CertFile() const;
  [[nodiscard]] const std::string& KeyFile() const;

  [[nodiscard]] const Data& Get() const { return *data_; }

 private:
  std::shared_ptr<const Data> data_;
};

/// Reads a PEM file with the certificate and those that lead from it to its root, and one with its
/// private key (they may be the same file). The error names the file and what is wrong with it:
/// unreadable, no certificate or key in it, a key that does not belong to the certificate.
Result<Certificate> LoadX509KeyPair(const std::string& cert_file, const std::string& key_file);
/// The same from text.
Result<Certificate> X509KeyPair(std::string_view cert_pem, std::string_view key_pem);
/// Makes a certificate that signs itself, with an ECDSA key of P-256, for `names` (DNS names or IP
/// addresses), valid for a year. For tests and for a first look; no client trusts it by itself.
Result<Certificate> SelfSigned(const std::vector<std::string>& names);
/// Its chain as PEM text.
[[nodiscard]] std::string CertificatePEM(const Certificate& certificate);

/// Certificates that are trusted to sign others. A value as Certificate is.
class CertPool {
 public:
  struct Data;

  CertPool() = default;
  /// Neither AddFile nor AddPEM was called: stands for the roots of the system.
  [[nodiscard]] bool Empty() const { return data_ == nullptr; }
  /// Adds every certificate of a PEM file. Fails, and adds nothing, when there is none in it.
  Error AddFile(const std::string& file);
  Error AddPEM(std::string_view pem);

  [[nodiscard]] const Data& Get() const { return *data_; }

 private:
  std::shared_ptr<const Data> data_;
};

}  // namespace hon::tls
