#pragma once

#include "hon/base/result.h"
#include "hon/tls/config.h"
#include "tls/openssl.h"

namespace hon::tls {

/// What is the same for both ends: versions, suites, no renegotiation, no compression, key log.
/// `config` must outlive the context.
Result<SslContextPtr> NewSslContext(const SSL_METHOD* method, const Config& config);

/// Gives `context` a certificate with objects of its own, so that loops share no counters.
Error UseCertificate(SSL_CTX* context, const Certificate& certificate);

/// The certificates that `pool` trusts.
StorePtr NewStore(const CertPool& pool);

/// `protocols` as ALPN has them on the wire (RFC 7301 §3.1); fails for one of 0 or over 255 bytes.
Result<std::string> AlpnList(const std::vector<std::string>& protocols);

/// Fails for versions that there are not, or none between the two.
Error CheckVersions(const Config& config);

}  // namespace hon::tls
