#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hon/tls/certificate.h"

namespace hon::tls {

/// The certificates of a server at one moment, by name. Does not change.
struct CertificateSet {
  static constexpr size_t kNone = static_cast<size_t>(-1);

  explicit CertificateSet(std::vector<Certificate> certificates);

  /// The index of the certificate for `server_name`: one for exactly that name, else one for a
  /// wildcard in the place of its first label (RFC 9525 §6.3), else kNone. The first certificate
  /// that has a name is the one for it.
  [[nodiscard]] size_t Find(std::string_view server_name) const;

  std::vector<Certificate> all;
  std::unordered_map<std::string, size_t> by_name;
  uint64_t generation = 0;
};

}  // namespace hon::tls
