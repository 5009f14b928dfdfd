#pragma once

#include <cstdint>
#include <functional>
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

/// What a client has said before anything is chosen.
struct ClientHelloInfo {
  std::string_view ServerName;               // "" without SNI
  std::vector<std::string> SupportedProtos;  // by ALPN
};

/// As Go's tls.Config, by whose names it goes. Copied where it is used: later changes do nothing.
///
/// Not settable, because there is one good answer: TLS 1.2 only with ECDHE and AEAD suites, no
/// renegotiation, no compression, no early data, no session cache (tickets resume), groups as the
/// library has them.
struct Config {
  // Servers.

  /// By the server's name, exactly or by a wildcard of one label; the first is for all other names.
  std::vector<Certificate> Certificates{};
  /// Asked before Certificates, on the loop's thread; must not wait. A Certificate that is empty
  /// leaves the choice to Certificates; an error refuses the handshake.
  std::function<Result<Certificate>(const ClientHelloInfo&)> GetCertificate = {};
  /// Names that no certificate is for are refused with the alert unrecognized_name instead of being
  /// answered with the first certificate. A client that sends no name gets the first.
  bool RefuseUnknownNames = false;
  ClientAuthType ClientAuth = ClientAuthType::kNoClientCert;
  /// Who may have signed client certificates. Needed where they are verified.
  CertPool ClientCAs{};
  /// No tickets are given where client certificates are asked for, in any case.
  bool SessionTicketsDisabled = false;
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
