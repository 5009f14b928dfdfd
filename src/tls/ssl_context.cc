#include "tls/ssl_context.h"

#include <algorithm>
#include <array>
#include <utility>

#include "hon/base/guard.h"
#include "tls/certificate_data.h"
#include "tls/ssl_layer.h"

namespace hon::tls {
namespace {

// Suites with forward secrecy and authenticated encryption, best first, in Go's order.
struct Suite {
  uint16_t number;
  const char* name;
};
constexpr std::array<Suite, 6> kSuites12 = {{
    {TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256"},
    {TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384"},
    {TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305"},
}};

constexpr const char* kSuites13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

struct Group {
  uint16_t number;
  const char* name;
  bool hybrid;  // OpenSSL 3.5 and later
};
constexpr std::array<Group, 7> kGroups = {{
    {CurveP256, "P-256", false},
    {CurveP384, "P-384", false},
    {CurveP521, "P-521", false},
    {X25519, "X25519", false},
    {SecP256r1MLKEM768, "SecP256r1MLKEM768", true},
    {X25519MLKEM768, "X25519MLKEM768", true},
    {SecP384r1MLKEM1024, "SecP384r1MLKEM1024", true},
}};

std::string HexText(uint16_t number) { return VersionName(number); }

Result<std::string> SuiteList(const std::vector<uint16_t>& wanted) {
  for (const uint16_t number : wanted) {
    const bool known = std::any_of(kSuites12.begin(), kSuites12.end(),
                                   [&](const Suite& suite) { return suite.number == number; });
    if (!known) {
      return Fail(Error::New("tls: CipherSuites: " + HexText(number) +
                             " is none of TLS 1.2 with ECDHE and AEAD"));
    }
  }
  std::string list;
  for (const Suite& suite : kSuites12) {
    const bool in =
        wanted.empty() || std::find(wanted.begin(), wanted.end(), suite.number) != wanted.end();
    if (!in) continue;
    if (!list.empty()) list += ':';
    list += suite.name;
  }
  return list;
}

// SSL_CTX_set1_groups_list without its macro, which has a C cast.
bool SetGroups(SSL_CTX* context, std::string list) {
  return SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, list.data()) == 1;
}

Error UseGroups(SSL_CTX* context, const std::vector<uint16_t>& wanted) {
  if (wanted.empty()) return {};
  std::string list;
  for (const uint16_t number : wanted) {
    const auto group = std::find_if(kGroups.begin(), kGroups.end(),
                                    [&](const Group& one) { return one.number == number; });
    if (group == kGroups.end()) {
      return Error::New("tls: CurvePreferences: no such key exchange: " + std::to_string(number));
    }
    if (!SetGroups(context, group->name)) {
      ERR_clear_error();
      if (group->hybrid) continue;
      return Error::New("tls: the TLS library refuses the key exchange " +
                        std::string(group->name));
    }
    if (!list.empty()) list += ':';
    list += group->name;
  }
  if (list.empty()) {
    return Error::New("tls: the TLS library knows no key exchange of CurvePreferences");
  }
  return SetGroups(context, list) ? Error() : TakeError("CurvePreferences");
}

void LogKey(const SSL* ssl, const char* line) noexcept {
  const auto* config = static_cast<const Config*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  if (CallGuarded([&] { config->KeyLogWriter(line); })) SslLayer::Of(ssl).OnKeyLogFailed();
}

// A copy that shares no state with the original.
X509Ptr Copy(const X509& certificate) { return X509Ptr(X509_dup(&certificate)); }

KeyPtr Copy(const EVP_PKEY& key) { return KeyPtr(EVP_PKEY_dup(const_cast<EVP_PKEY*>(&key))); }

}  // namespace

Error CheckVersions(const Config& config) {
  for (const uint16_t version : {config.MinVersion, config.MaxVersion}) {
    if (version != 0 && version != VersionTLS12 && version != VersionTLS13) {
      return Error::New("tls: no such version: " + VersionName(version));
    }
  }
  if (config.MaxVersion != 0 && config.MinVersion > config.MaxVersion) {
    return Error::New("tls: MinVersion is above MaxVersion");
  }
  return {};
}

Result<SslContextPtr> NewSslContext(const SSL_METHOD* method, const Config& config) {
  ERR_clear_error();
  SslContextPtr context(SSL_CTX_new(method));
  if (context == nullptr) return Fail(TakeError("no memory for a context"));
  SSL_CTX* const raw = context.get();
  HON_TRY(std::string suites, SuiteList(config.CipherSuites));
  const uint16_t min = config.MinVersion == 0 ? VersionTLS12 : config.MinVersion;
  if (SSL_CTX_set_min_proto_version(raw, min) != 1 ||
      SSL_CTX_set_max_proto_version(raw, config.MaxVersion) != 1 ||
      SSL_CTX_set_cipher_list(raw, suites.c_str()) != 1 ||
      SSL_CTX_set_ciphersuites(raw, kSuites13) != 1) {
    return Fail(TakeError("the TLS library refuses the versions or suites"));
  }
  if (Error why = UseGroups(raw, config.CurvePreferences)) return Fail(std::move(why));
  // A client that prefers ChaCha20 has no AES instructions.
  uint64_t options = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA;
#ifdef SSL_OP_NO_TX_CERTIFICATE_COMPRESSION
  options |= SSL_OP_NO_TX_CERTIFICATE_COMPRESSION | SSL_OP_NO_RX_CERTIFICATE_COMPRESSION;
#endif
  SSL_CTX_set_options(raw, options);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(raw, 1);  // one read for a record, in place of one for its header before
  if (config.KeyLogWriter) {
    if (SSL_CTX_set_app_data(raw, const_cast<Config*>(&config)) != 1) {
      return Fail(TakeError("no memory for a context"));
    }
    SSL_CTX_set_keylog_callback(raw, LogKey);
  }
  return context;
}

Error UseCertificate(SSL_CTX* context, const Certificate& certificate) {
  ERR_clear_error();
  const Certificate::Data& data = certificate.Get();
  const X509Ptr own = Copy(*data.chain.front());
  const KeyPtr key = Copy(*data.key);
  if (own == nullptr || key == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return TakeError("the TLS library refuses the certificate");
  }
  for (size_t i = 1; i < data.chain.size(); ++i) {
    X509Ptr link = Copy(*data.chain[i]);
    if (link == nullptr || SSL_CTX_add0_chain_cert(context, link.get()) != 1) {
      return TakeError("the TLS library refuses the chain");
    }
    static_cast<void>(link.release());
  }
  return {};
}

StorePtr NewStore(const CertPool& pool) {
  StorePtr store(X509_STORE_new());
  if (store == nullptr || pool.Empty()) return store;
  for (const X509Ptr& one : pool.Get().certificates) X509_STORE_add_cert(store.get(), one.get());
  ERR_clear_error();
  return store;
}

Result<std::string> AlpnList(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255) {
      return Fail(Error::New("tls: a protocol of NextProtos must have 1 to 255 bytes"));
    }
    list += static_cast<char>(protocol.size());
    list += protocol;
  }
  return list;
}

}  // namespace hon::tls
