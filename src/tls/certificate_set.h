#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hon/tls/certificate.h"
#include "tls/certificate_data.h"
#include "tls/client_hello.h"

namespace hon::tls {

/// Whether a client that sent `hello` can verify signatures by a key of this kind, over TLS 1.3
/// with `tls13`, else over TLS 1.2 (RFC 8446 §4.4.2.2, RFC 8422 §5.1).
bool ClientTakes(const ClientHello& hello, KeyKind kind, bool tls13);

/// The certificates of a server at one moment, by name. Immutable.
struct CertificateSet {
  static constexpr size_t kNone = static_cast<size_t>(-1);

  explicit CertificateSet(std::vector<Certificate> certificates);

  /// The index of the certificate for `hello`: one for exactly its server name, else one with a
  /// wildcard as its first label (RFC 9525 §6.3), else kNone. Of several certificates, the first
  /// one that the client can verify, or else the first.
  [[nodiscard]] size_t Find(const ClientHello& hello, bool tls13) const;
  /// The certificate for names without one: of the certificates with the names of the first one,
  /// one that the client can verify. kNone without certificates.
  [[nodiscard]] size_t Default(const ClientHello& hello, bool tls13) const;

  std::vector<Certificate> all;
  std::unordered_map<std::string, std::vector<size_t>> by_name;
  uint64_t generation = 0;

 private:
  [[nodiscard]] size_t FirstTaken(const std::vector<size_t>& candidates, const ClientHello& hello,
                                  bool tls13) const;
};

}  // namespace hon::tls
