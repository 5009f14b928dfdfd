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

/// Whether a server asks for client certificates, as Go's tls.ClientAuthType.
enum class ClientAuthType : uint8_t {
  kNoClientCert,
  kRequestClientCert,           // asks; whatever is shown is taken, unverified
  kRequireAnyClientCert,        // asks; one must be shown, unverified
  kVerifyClientCertIfGiven,     // asks; one that is shown must be verified
  kRequireAndVerifyClientCert,  // asks; one must be shown and be verified
};

class ServerContext;

/// What a ClientHello says, as Go's tls.ClientHelloInfo. Numbers are those of the TLS registries of
/// IANA, in the client's order, unknown ones included.
struct ClientHelloInfo {
  std::string_view ServerName;  // "" without SNI
  std::vector<std::string> SupportedProtos{};
  std::vector<uint16_t> SupportedVersions{};  // of VersionTLS12 and VersionTLS13
  std::vector<uint16_t> CipherSuites{};
  std::vector<uint16_t> SupportedCurves{};
  std::vector<uint16_t> SignatureSchemes{};
};

/// The secret of a session ticket key. Machines that have the same resume each other's sessions.
using SessionTicketKey = std::array<uint8_t, 32>;
/// Keys that SetSessionTicketKeys takes.
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

/// As Go's tls.Config, by whose names it goes. Copied where it is used: later changes do nothing.
///
/// Not settable, because there is one good answer: TLS 1.2 only with ECDHE and AEAD suites, no
/// renegotiation, no compression, no early data, no session cache of servers (tickets resume).
struct Config {
  // Servers.

  /// By the server's name, exactly or by a wildcard of one label; the first is for all other names.
  /// Of several for one name the first counts that the client can verify by what its ClientHello
  /// offers, so that an ECDSA certificate may stand before an RSA certificate for older clients.
  std::vector<Certificate> Certificates{};
  /// Asked before Certificates, on the loop's thread; must not wait. A Certificate that is empty
  /// leaves the choice to Certificates; an error refuses the handshake.
  std::function<Result<Certificate>(const ClientHelloInfo&)> GetCertificate = {};
  /// Asked before anything else, on the loop's thread; must not wait. The context that it gives is
  /// used for this connection in place of the listener's, with its own certificates, client
  /// authentication, versions and ticket keys; null: the listener's. A context without NextProtos
  /// offers what the listener offers. An error refuses the handshake.
  std::function<Result<std::shared_ptr<ServerContext>>(const ClientHelloInfo&)> GetConfigForClient =
      {};
  /// Names that no certificate is for are refused with the alert unrecognized_name instead of being
  /// answered with the first certificate. A client that sends no name gets the first.
  bool RefuseUnknownNames = false;
  ClientAuthType ClientAuth = ClientAuthType::kNoClientCert;
  /// Who may have signed client certificates. Needed where they are verified.
  CertPool ClientCAs{};
  /// Keys that tickets are sealed with from the start: ServerContext::SetSessionTicketKeys. Empty:
  /// keys of this process alone, a new one each day.
  std::vector<SessionTicketKey> SessionTicketKeys{};
  /// A handshake must be done within this time.
  Duration HandshakeTimeout = std::chrono::seconds(10);

  // Clients.

  /// Who may have signed the server's certificate; empty: the roots of the system.
  CertPool RootCAs{};
  /// The name that is asked for and verified; "": the host that is dialed.
  std::string ServerName{};
  /// Takes any certificate for any name. For tests.
  bool InsecureSkipVerify = false;

  // Both.

  /// No tickets: sessions are not resumed. A server gives none where it asks for client
  /// certificates, in any case.
  bool SessionTicketsDisabled = false;
  /// The suites of TLS 1.2 that may be used; their order does not count. Empty: all six above. The
  /// suites of TLS 1.3 are not settable.
  std::vector<uint16_t> CipherSuites{};
  /// The key exchanges that may be used, best first. Hybrid ones that the TLS library does not know
  /// are left out. Empty: as the library has them, hybrid post-quantum ones first where it knows
  /// them (OpenSSL 3.5).
  std::vector<uint16_t> CurvePreferences{};
  /// VersionTLS12 (also 0) or VersionTLS13.
  uint16_t MinVersion = 0;
  /// 0: the highest.
  uint16_t MaxVersion = 0;
  /// For ALPN, best first. A server chooses the first that the client offers, and refuses a client
  /// that offers others only. Empty: no ALPN.
  std::vector<std::string> NextProtos{};
  /// Given each line of the NSS key log, from which others can read what was said. For debugging;
  /// called on the loops' threads.
  std::function<void(std::string_view line)> KeyLogWriter = {};
};

}  // namespace hon::tls
