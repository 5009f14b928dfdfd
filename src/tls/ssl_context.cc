#include "tls/ssl_context.h"

#include <utility>

#include "tls/certificate_data.h"

namespace hon::tls {
namespace {

// Forward secrecy and authenticated encryption; of TLS 1.3 the library's own, which are all so.
constexpr char kSuites12[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

void LogKey(const SSL* ssl, const char* line) {
  const auto* config = static_cast<const Config*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  config->KeyLogWriter(line);
}

// A copy that shares nothing with the original.
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
  const uint16_t min = config.MinVersion == 0 ? VersionTLS12 : config.MinVersion;
  if (SSL_CTX_set_min_proto_version(raw, min) != 1 ||
      SSL_CTX_set_max_proto_version(raw, config.MaxVersion) != 1 ||
      SSL_CTX_set_cipher_list(raw, kSuites12) != 1) {
    return Fail(TakeError("the TLS library refuses the versions or suites"));
  }
  uint64_t options =
      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE;
#ifdef SSL_OP_NO_TX_CERTIFICATE_COMPRESSION
  options |= SSL_OP_NO_TX_CERTIFICATE_COMPRESSION | SSL_OP_NO_RX_CERTIFICATE_COMPRESSION;
#endif
  SSL_CTX_set_options(raw, options);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  if (config.KeyLogWriter) {
    SSL_CTX_set_app_data(raw, const_cast<Config*>(&config));
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
