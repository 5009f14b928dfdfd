#pragma once

#include "hon/base/result.h"
#include "hon/tls/config.h"
#include "tls/openssl.h"

namespace hon::tls {

/// A context with the settings of both roles: versions, suites, no renegotiation, no compression,
/// key log. `config` must outlive the context.
Result<SslContextPtr> NewSslContext(const SSL_METHOD* method, const Config& config);

/// Gives `context` a certificate with separate objects, so that loops share no counters.
Error UseCertificate(SSL_CTX* context, const Certificate& certificate);

/// The certificates that `pool` trusts.
StorePtr NewStore(const CertPool& pool);

/// `protocols` in ALPN's wire format (RFC 7301 §3.1); fails for a protocol of 0 or over 255 bytes.
Result<std::string> AlpnList(const std::vector<std::string>& protocols);

/// Fails for unknown versions, or an empty range.
Error CheckVersions(const Config& config);

}  // namespace hon::tls
