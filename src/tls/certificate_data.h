#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "hon/tls/certificate.h"
#include "hon/tls/connection_state.h"
#include "tls/openssl.h"

namespace hon::tls {

/// The kinds of keys, by the signature schemes that they can make (RFC 8446 §4.2.3).
enum class KeyKind : uint8_t { kRsa, kP256, kP384, kP521, kEd25519, kEd448, kOther };

struct Certificate::Data {
  std::vector<X509Ptr> chain;  // the first is ours
  KeyPtr key;
  KeyKind kind = KeyKind::kOther;
  std::vector<std::string> names;
  std::chrono::system_clock::time_point not_before;
  std::chrono::system_clock::time_point not_after;
  std::string cert_file;
  std::string key_file;
};

struct SelfSignedOptions {
  bool rsa = false;  // of 2048 bits; else ECDSA of P-256
  // Seconds from now.
  long begins = -3600;
  long ends = 365L * 24 * 3600;
};

/// As SelfSigned.
Result<Certificate> MakeSelfSigned(const std::vector<std::string>& names,
                                   const SelfSignedOptions& options);

/// The private key as PEM text, without a passphrase.
std::string PrivateKeyPEM(const Certificate& certificate);

struct CertPool::Data {
  std::vector<X509Ptr> certificates;
};

/// The DNS names of `certificate`, in lower case. The common name is ignored (RFC 9525 §2).
std::vector<std::string> NamesOf(const X509& certificate);
/// The fields of `certificate` for programs.
PeerCertificate Describe(const X509& certificate);
KeyKind KindOf(const EVP_PKEY& key);
std::chrono::system_clock::time_point TimeOf(const ASN1_TIME* time);

}  // namespace hon::tls
