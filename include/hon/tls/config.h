#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/result.h"
#include "hon/base/time.h"
#include "hon/tls/certificate.h"
#include "hon/tls/connection_state.h"

namespace hon::tls {

/// Whether a server requests client certificates, as Go's tls.ClientAuthType.
enum class ClientAuthType : uint8_t {
  kNoClientCert,
  kRequestClientCert,           // requested; any certificate is accepted, unverified
  kRequireAnyClientCert,        // required; any certificate is accepted, unverified
  kVerifyClientCertIfGiven,     // requested; a given certificate must verify
  kRequireAndVerifyClientCert,  // required; the certificate must verify
};

class ServerContext;

/// The contents of a ClientHello, as Go's tls.ClientHelloInfo. Numbers are those of the TLS
/// registries of IANA, in the client's order, unknown ones included.
struct ClientHelloInfo {
  std::string_view ServerName;  // "" without SNI
  std::vector<std::string> SupportedProtos{};
  std::vector<uint16_t> SupportedVersions{};  // of VersionTLS12 and VersionTLS13
  std::vector<uint16_t> CipherSuites{};
  std::vector<uint16_t> SupportedCurves{};
  std::vector<uint16_t> SignatureSchemes{};
};

/// The secret of a session ticket key. Machines with the same key resume each other's sessions.
using SessionTicketKey = std::array<uint8_t, 32>;
/// The most keys of SetSessionTicketKeys.
inline constexpr size_t kSessionTicketKeysMax = 7;

/// The key exchanges of CurvePreferences, by their numbers in the registry of IANA.
inline constexpr uint16_t CurveP256 = 23;
inline constexpr uint16_t CurveP384 = 24;
inline constexpr uint16_t CurveP521 = 25;
inline constexpr uint16_t X25519 = 29;
inline constexpr uint16_t SecP256r1MLKEM768 = 4587;
inline constexpr uint16_t X25519MLKEM768 = 4588;
inline constexpr uint16_t SecP384r1MLKEM1024 = 4589;

/// The suites of TLS 1.2 that CipherSuites may name.
inline constexpr uint16_t TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 = 0xC02B;
inline constexpr uint16_t TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 = 0xC02C;
inline constexpr uint16_t TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 = 0xC02F;
inline constexpr uint16_t TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 = 0xC030;
inline constexpr uint16_t TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 = 0xCCA8;
inline constexpr uint16_t TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 = 0xCCA9;

/// Go's tls.Config, with its names. Copied where it is used: later changes have no effect.
///
/// Not settable, because there is one good answer: TLS 1.2 only with ECDHE and AEAD suites, no
/// renegotiation, no compression, no early data, no session cache of servers (tickets resume).
struct Config {
  // Server settings.

  /// Chosen by the server's name, exactly or by a wildcard of one label; the first certificate is
  /// for all other names. Of several certificates for one name, the first one counts that the
  /// client can verify according to its ClientHello: an ECDSA certificate may stand before an RSA
  /// certificate for older clients.
  std::vector<Certificate> Certificates{};
  /// Called before Certificates are searched, on the loop's thread; must not wait. An empty
  /// Certificate leaves the choice to Certificates; an error or exception refuses the handshake.
  std::function<Result<Certificate>(const ClientHelloInfo&)> GetCertificate = {};
  /// Called first, on the loop's thread; must not wait. The returned context is used for this
  /// connection in place of the listener's, with its own certificates, client authentication,
  /// versions and ticket keys; null: the listener's. A context without NextProtos offers the
  /// protocols of the listener. An error or exception refuses the handshake.
  std::function<Result<std::shared_ptr<ServerContext>>(const ClientHelloInfo&)> GetConfigForClient =
      {};
  /// Refuses names without a certificate by the alert unrecognized_name, where they would be
  /// answered with the first certificate. A client without SNI gets the first certificate.
  bool RefuseUnknownNames = false;
  /// Interval of the checks whether the files of Certificates have changed; changed files are read
  /// anew. kUnlimited: no checks.
  Duration CertificateReloadInterval = std::chrono::minutes(1);
  ClientAuthType ClientAuth = ClientAuthType::kNoClientCert;
  /// The authorities of client certificates. Required where they are verified.
  CertPool ClientCAs{};
  /// The initial keys for encrypting tickets: see ServerContext::SetSessionTicketKeys. Empty: keys
  /// of this process alone, a new one each day.
  std::vector<SessionTicketKey> SessionTicketKeys{};
  /// Time limit of a handshake.
  Duration HandshakeTimeout = std::chrono::seconds(10);

  // Client settings.

  /// The authorities of the server's certificate; empty: the system's roots.
  CertPool RootCAs{};
  /// The name for SNI and verification; "": the dialed host.
  std::string ServerName{};
  /// Accepts any certificate for any name. For tests.
  bool InsecureSkipVerify = false;

  // Settings of both roles.

  /// No tickets: sessions are not resumed. A server that requests client certificates never gives
  /// tickets.
  bool SessionTicketsDisabled = false;
  /// The suites of TLS 1.2 that may be used; their order does not count. Empty: all six above. The
  /// suites of TLS 1.3 are not settable.
  std::vector<uint16_t> CipherSuites{};
  /// The allowed key exchanges, best first. Hybrid ones that the TLS library does not know are left
  /// out. Empty: the library's defaults, hybrid post-quantum ones first where it knows them
  /// (OpenSSL 3.5).
  std::vector<uint16_t> CurvePreferences{};
  /// VersionTLS12 (also 0) or VersionTLS13.
  uint16_t MinVersion = 0;
  /// 0: the highest.
  uint16_t MaxVersion = 0;
  /// The protocols for ALPN, best first. A server chooses the first one that the client offers, and
  /// refuses a client that offers others only. Empty: no ALPN.
  std::vector<std::string> NextProtos{};
  /// Receives each line of the NSS key log, which allows decrypting recorded connections. For
  /// debugging; called on the threads of the loops and of their handshakes. An exception fails the
  /// handshake, as a failed write does in Go.
  std::function<void(std::string_view line)> KeyLogWriter = {};
};

}  // namespace hon::tls
