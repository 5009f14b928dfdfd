// Certificates and keys as PEM text, and as DER within it. A certificate that loads has lower-case
// names, is written as text that loads as the same, and can be a server's or an authority's.

#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/tls/certificate.h"
#include "hon/tls/context.h"
#include "tls/certificate_data.h"

namespace {

using namespace hon;

std::string Pem(const std::string& label, std::string_view der) {
  std::string base64(der.size() / 3 * 4 + 5, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                                   reinterpret_cast<const unsigned char*>(der.data()),
                                   static_cast<int>(der.size()));
  base64.resize(static_cast<size_t>(size));
  std::string text = "-----BEGIN " + label + "-----\n";
  for (size_t at = 0; at < base64.size(); at += 64) text += base64.substr(at, 64) + "\n";
  return text + "-----END " + label + "-----\n";
}

void Check(std::string_view cert_pem, std::string_view key_pem) {
  tls::CertPool pool;
  const Error not_added = pool.AddPEM(cert_pem);
  HON_ASSERT(static_cast<bool>(not_added) == pool.Empty());
  const Result<tls::Certificate> loaded = tls::X509KeyPair(cert_pem, key_pem);
  if (!loaded) {
    HON_ASSERT(!loaded.error().Message().empty());
    return;
  }
  HON_ASSERT(!not_added);
  for (const std::string& name : loaded->DNSNames()) {
    HON_ASSERT(std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
  }
  const auto again = tls::X509KeyPair(tls::CertificatePEM(*loaded), tls::PrivateKeyPEM(*loaded));
  HON_ASSERT(again);
  HON_ASSERT(again->DNSNames() == loaded->DNSNames() && again->NotAfter() == loaded->NotAfter());
  const tls::PeerCertificate described = tls::Describe(*loaded->Get().chain.front());
  HON_ASSERT(described.DNSNames.size() <= cert_pem.size());
  static_cast<void>(tls::ServerContext::Create({.Certificates = {*loaded}}));
}

}  // namespace

// The first byte: 0 for the certificate's text, a zero byte and the key's; 1 for a certificate and
// 2 for a key in DER.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const tls::Certificate own = *tls::SelfSigned({"a.test"});
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 1) {
    Check(Pem("CERTIFICATE", bytes), tls::PrivateKeyPEM(own));
  } else if (data[0] == 2) {
    Check(tls::CertificatePEM(own), Pem("PRIVATE KEY", bytes));
  } else {
    const size_t end = std::min(bytes.find('\0'), bytes.size());
    Check(bytes.substr(0, end), bytes.substr(std::min(end + 1, bytes.size())));
  }
  return 0;
}
