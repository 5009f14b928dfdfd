#include "tls/certificate_set.h"

#include <utility>

namespace hon::tls {

CertificateSet::CertificateSet(std::vector<Certificate> certificates)
    : all(std::move(certificates)) {
  for (size_t i = 0; i < all.size(); ++i) {
    for (const std::string& name : all[i].DNSNames()) by_name.try_emplace(name, i);
  }
}

size_t CertificateSet::Find(std::string_view server_name) const {
  std::string name(server_name);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  if (const auto exact = by_name.find(name); exact != by_name.end()) return exact->second;
  const size_t dot = name.find('.');
  if (dot == 0 || dot == std::string::npos) return kNone;
  const auto wildcard = by_name.find("*" + name.substr(dot));
  return wildcard == by_name.end() ? kNone : wildcard->second;
}

}  // namespace hon::tls
