#include "tls/certificate_set.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "hon/tls/config.h"

namespace hon::tls {
namespace {

// The algorithms that keys of one kind are used with.
struct Uses {
  std::array<uint16_t, 3> suites12;   // 0 where there are fewer
  std::array<uint16_t, 6> schemes12;  // ECDSA of TLS 1.2 does not bind the hash to the curve
  std::array<uint16_t, 3> schemes13;
  uint16_t group12 = 0;  // a client of TLS 1.2 must support it (RFC 8422 §5.1); 0: none
};

constexpr std::array<uint16_t, 3> kEcdsaSuites = {TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                                                  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                                                  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256};
constexpr std::array<uint16_t, 3> kRsaSuites = {TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                                                TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                                                TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256};
constexpr std::array<uint16_t, 6> kEcdsaSchemes = {0x0403, 0x0503, 0x0603};

constexpr Uses UsesOf(KeyKind kind) {
  switch (kind) {
    case KeyKind::kRsa:
      return {
          kRsaSuites, {0x0401, 0x0501, 0x0601, 0x0804, 0x0805, 0x0806}, {0x0804, 0x0805, 0x0806}};
    case KeyKind::kP256:
      return {kEcdsaSuites, kEcdsaSchemes, {0x0403}, CurveP256};
    case KeyKind::kP384:
      return {kEcdsaSuites, kEcdsaSchemes, {0x0503}, CurveP384};
    case KeyKind::kP521:
      return {kEcdsaSuites, kEcdsaSchemes, {0x0603}, CurveP521};
    case KeyKind::kEd25519:
      return {kEcdsaSuites, {0x0807}, {0x0807}};
    case KeyKind::kEd448:
      return {kEcdsaSuites, {0x0808}, {0x0808}};
    case KeyKind::kOther:
      break;
  }
  return {};
}

bool ContainsAny(std::string_view list, std::span<const uint16_t> values) {
  return std::any_of(values.begin(), values.end(),
                     [&](uint16_t value) { return value != 0 && Contains(list, value); });
}

}  // namespace

bool ClientTakes(const ClientHello& hello, KeyKind kind, bool tls13) {
  if (kind == KeyKind::kOther) return true;
  const Uses uses = UsesOf(kind);
  if (tls13) return ContainsAny(hello.schemes, uses.schemes13);
  if (!ContainsAny(hello.suites, uses.suites12)) return false;
  const bool groups = uses.group12 != 0 && !hello.groups.empty();
  if (groups && !Contains(hello.groups, uses.group12)) return false;
  return hello.schemes.empty() || ContainsAny(hello.schemes, uses.schemes12);
}

CertificateSet::CertificateSet(std::vector<Certificate> certificates)
    : all(std::move(certificates)) {
  for (size_t i = 0; i < all.size(); ++i) {
    for (const std::string& name : all[i].DNSNames()) by_name[name].push_back(i);
  }
}

size_t CertificateSet::FirstTaken(const std::vector<size_t>& candidates, const ClientHello& hello,
                                  bool tls13) const {
  const auto taken = std::find_if(candidates.begin(), candidates.end(), [&](size_t index) {
    return ClientTakes(hello, all[index].Get().kind, tls13);
  });
  return taken == candidates.end() ? candidates.front() : *taken;
}

size_t CertificateSet::Find(const ClientHello& hello, bool tls13) const {
  std::string name(hello.server_name);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  if (const auto exact = by_name.find(name); exact != by_name.end()) {
    return FirstTaken(exact->second, hello, tls13);
  }
  const size_t dot = name.find('.');
  if (dot == 0 || dot == std::string::npos) return kNone;
  const auto wildcard = by_name.find("*" + name.substr(dot));
  return wildcard == by_name.end() ? kNone : FirstTaken(wildcard->second, hello, tls13);
}

size_t CertificateSet::Default(const ClientHello& hello, bool tls13) const {
  if (all.empty()) return kNone;
  if (ClientTakes(hello, all.front().Get().kind, tls13)) return 0;
  for (size_t i = 1; i < all.size(); ++i) {
    if (all[i].DNSNames() == all.front().DNSNames() &&
        ClientTakes(hello, all[i].Get().kind, tls13)) {
      return i;
    }
  }
  return 0;
}

}  // namespace hon::tls
