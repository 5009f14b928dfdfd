#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/error.h"
#include "hon/base/result.h"

namespace hon::tls {

/// A chain of certificates with the private key of the first. An immutable value that is cheap to
/// copy and may be shared between threads.
class Certificate {
 public:
  struct Data;

  Certificate() = default;
  explicit Certificate(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  explicit operator bool() const { return data_ != nullptr; }

  /// The DNS names of the certificate, in lower case, wildcards as "*.example.com".
  [[nodiscard]] const std::vector<std::string>& DNSNames() const;
  /// The end of the first certificate's validity.
  [[nodiscard]] std::chrono::system_clock::time_point NotAfter() const;
  /// "" unless LoadX509KeyPair made it.
  [[nodiscard]] const std::string& CertFile() const;
  [[nodiscard]] const std::string& KeyFile() const;

  [[nodiscard]] const Data& Get() const { return *data_; }

 private:
  std::shared_ptr<const Data> data_;
};

/// Reads a PEM file with the certificate and its intermediates, and one with its private key (both
/// may be the same file). The error names the file and the fault: unreadable, no certificate or key
/// in it, a key that does not belong to the certificate.
Result<Certificate> LoadX509KeyPair(const std::string& cert_file, const std::string& key_file);
/// LoadX509KeyPair from text.
Result<Certificate> X509KeyPair(std::string_view cert_pem, std::string_view key_pem);
/// Makes a self-signed certificate, with an ECDSA key of P-256, for `names` (DNS names or IP
/// addresses), valid for a year. For tests and first trials; no client trusts it by default.
Result<Certificate> SelfSigned(const std::vector<std::string>& names);
/// The chain of `certificate` as PEM text.
[[nodiscard]] std::string CertificatePEM(const Certificate& certificate);

/// Certificates of trusted authorities. A value like Certificate.
class CertPool {
 public:
  struct Data;

  CertPool() = default;
  /// Whether neither AddFile nor AddPEM was called. An empty pool stands for the system's roots.
  [[nodiscard]] bool Empty() const { return data_ == nullptr; }
  /// Adds every certificate of a PEM file. Fails, and adds nothing, when the file has none.
  Error AddFile(const std::string& file);
  Error AddPEM(std::string_view pem);

  [[nodiscard]] const Data& Get() const { return *data_; }

 private:
  std::shared_ptr<const Data> data_;
};

}  // namespace hon::tls
