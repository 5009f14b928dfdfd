#pragma once

// The first message of a TLS handshake, read before any TLS object exists: RFC 8446 §4.1.2 within
// the records of §5.1. Pure: bytes in, views out.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hon::tls {

/// Bytes of one ClientHello, without the headers of its records. With hybrid key shares and tickets
/// about 2 KiB are usual.
inline constexpr size_t kClientHelloBytesMax = 16 * 1024;
/// Records of one ClientHello.
inline constexpr size_t kClientHelloRecordsMax = 64;

inline constexpr uint16_t kTls12 = 0x0303;
inline constexpr uint16_t kTls13 = 0x0304;

/// Whether `value` is in a list of numbers of two octets.
bool Contains(std::string_view list, uint16_t value);
/// The numbers of a list of numbers of two octets.
std::vector<uint16_t> Numbers(std::string_view list);

enum class HelloStatus : uint8_t {
  kIncomplete,
  kComplete,
  kBad,   // not a ClientHello, or a malformed one
  kHttp,  // a plaintext HTTP request
};

/// The alerts of RFC 8446 §6 that refuse a ClientHello.
enum class Alert : uint8_t {
  kUnexpectedMessage = 10,
  kRecordOverflow = 22,
  kIllegalParameter = 47,
  kDecodeError = 50,
  kProtocolVersion = 70,
  kInternalError = 80,
  kUnrecognizedName = 112,
  kNoApplicationProtocol = 120,
};

/// The fields by which a server chooses. Views into the message.
struct ClientHello {
  std::string_view server_name;  // "" without one (RFC 6066 §3)
  std::string_view protocols;    // the ALPN list: each protocol preceded by an octet with its
                                 // length
  // Lists of numbers of two octets each; empty where the extension is absent.
  std::string_view suites;
  std::string_view groups;   // supported_groups (RFC 8446 §4.2.7)
  std::string_view schemes;  // signature_algorithms (RFC 8446 §4.2.3)
  bool has_protocols = false;
  bool offers_tls12 = false;
  bool offers_tls13 = false;

  /// Whether ALPN offers `protocol`.
  [[nodiscard]] bool Offers(std::string_view protocol) const;
  /// The protocols, in the client's order.
  [[nodiscard]] std::vector<std::string> Protocols() const;
  /// The protocols, separated by blanks and quoted, for a log.
  [[nodiscard]] std::string ProtocolsText() const;
};

struct HelloResult {
  HelloStatus status = HelloStatus::kIncomplete;
  Alert alert = Alert::kDecodeError;  // with kBad
  std::string_view why;               // with kBad: static text
};

/// Reads the ClientHello at the start of `stream`, which holds the received bytes. A ClientHello in
/// several records is joined in `joined`; the views of `hello` are into `joined` or `stream`. Never
/// reads past the ClientHello.
HelloResult ReadClientHello(std::string_view stream, std::string& joined, ClientHello& hello);

/// Parses the message alone, with its header of four octets.
HelloResult ParseClientHello(std::string_view message, ClientHello& hello);

}  // namespace hon::tls
