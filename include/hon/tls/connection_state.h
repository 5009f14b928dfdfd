#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hon::tls {

/// The versions as they stand on the wire (RFC 8446 §4.2.1).
inline constexpr uint16_t VersionTLS12 = 0x0303;
inline constexpr uint16_t VersionTLS13 = 0x0304;

/// "TLS 1.2", "TLS 1.3", or the number in hexadecimal.
[[nodiscard]] std::string VersionName(uint16_t version);

/// A certificate as its owner presented it.
struct PeerCertificate {
  std::string Raw;      // DER
  std::string Subject;  // "CN=alice,O=Example" (RFC 4514), the most specific name first
  std::string Issuer;
  std::string CommonName;    // of the subject; "" without one
  std::string SerialNumber;  // in hexadecimal, lower case
  std::chrono::system_clock::time_point NotBefore;
  std::chrono::system_clock::time_point NotAfter;
  std::vector<std::string> DNSNames;
  std::vector<std::string> EmailAddresses;
  std::vector<std::string> IPAddresses;  // as text
  std::vector<std::string> URIs;
};

/// The result of a connection's handshake, as Go's tls.ConnectionState. Lives as long as its
/// connection; does not change after the handshake.
struct ConnectionState {
  uint16_t Version = 0;
  uint16_t CipherSuite = 0;        // of the TLS registry of IANA
  std::string CipherSuiteName;     // its name there, "TLS_AES_128_GCM_SHA256"
  uint16_t CurveID = 0;            // the key exchange; 0 when the session was resumed without one
  std::string ServerName;          // the client's SNI; "" without one
  std::string NegotiatedProtocol;  // by ALPN; "" for none
  bool DidResume = false;
  /// The peer's own certificate and the other certificates that it sent; empty without one. Do not
  /// trust them unless Verified: a server may request certificates and verify none.
  std::vector<PeerCertificate> PeerCertificates;
  /// Whether the chain of PeerCertificates leads to a trusted root.
  bool Verified = false;
  /// The chain that verification has found, the peer's certificate first and the root last. One
  /// chain at most; none when nothing was verified, or when the session was resumed.
  std::vector<std::vector<PeerCertificate>> VerifiedChains;
};

}  // namespace hon::tls
