#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "hon/tls/certificate.h"
#include "tls/openssl.h"

namespace hon::tls {

struct Certificate::Data {
  std::vector<X509Ptr> chain;  // the first is ours
  KeyPtr key;
  std::vector<std::string> names;
  std::chrono::system_clock::time_point not_before;
  std::chrono::system_clock::time_point not_after;
  std::string cert_file;
  std::string key_file;
};

struct CertPool::Data {
  std::vector<X509Ptr> certificates;
};

/// The DNS names of `certificate`, in lower case. Its common name is none of them (RFC 9525 §2).
std::vector<std::string> NamesOf(const X509& certificate);
/// "" without one.
std::string CommonNameOf(const X509& certificate);
std::vector<std::string> EmailsOf(const X509& certificate);
std::string DerOf(const X509& certificate);

}  // namespace hon::tls
