#pragma once

// The seam for TLS: converts the bytes of a socket to plaintext and back. A netpoll::Connection
// with a record layer shows plaintext in its Reader and takes plaintext in its Writer; the code
// above a connection knows no records. Rules: docs/ARCHITECTURE.md, section 4.

#include <cstddef>
#include <string_view>

#include "hon/base/error.h"
#include "hon/io/link_buffer.h"

namespace hon::tls {
struct ConnectionState;
}  // namespace hon::tls

namespace hon::io {

/// Plaintext bytes of one record (RFC 8446 §5.1).
inline constexpr size_t kRecordBytesMax = 16 * 1024;

/// Records that one call of RecordLayer::Open opens. The next ones of a connection are opened in a
/// later turn of its loop, behind everything else that is ready.
inline constexpr size_t kRecordsPerTurnMax = 32;

/// Unsent ciphertext of one connection past which no further record is sealed.
inline constexpr size_t kSealedBytesMax = 80 * 1024;

/// The peer has sent too many records without progress; the message names the limit.
inline constexpr Sentinel ErrRecordFlood{"too many records without data"};

/// One end of a record protocol on one connection. Pure: no sockets, no waiting. Owned by its
/// connection, used on the connection's loop only, destroyed with the connection's object.
class RecordLayer {
 public:
  RecordLayer() = default;
  RecordLayer(const RecordLayer&) = delete;
  RecordLayer& operator=(const RecordLayer&) = delete;
  virtual ~RecordLayer() = default;

  /// Called once, when the socket is connected. A client appends its first flight to `sealed`.
  virtual Error Start(LinkBuffer& sealed) = 0;

  /// Opens and consumes the complete records of `received`, at most kRecordsPerTurnMax of them
  /// (then HasMore); an incomplete record stays there. An implementation fails before it would wait
  /// for more than one record. Plaintext is appended to `plain`. Answers of the protocol itself
  /// (handshake messages, key updates) are appended to `sealed`. No plaintext is appended before
  /// HandshakeDone or after InputEnded. An error is final; the alert for it, if the protocol has
  /// one, is in `sealed`.
  virtual Error Open(LinkBuffer& received, LinkBuffer& plain, LinkBuffer& sealed) = 0;

  /// Whether the last Open has reached kRecordsPerTurnMax, and left bytes behind. Open must then be
  /// called again, even without further received bytes.
  [[nodiscard]] virtual bool HasMore() const { return false; }

  /// Whether the next step of the handshake takes too long for a loop (a signature with a slow
  /// key). Called after Open and before HandshakeDone. After true, RunLongStep is called once, on
  /// any thread, while nothing else uses the layer; then Open is called again, even without
  /// received bytes.
  [[nodiscard]] virtual bool HasLongStep() const { return false; }
  virtual void RunLongStep() {}

  /// Appends `plain`, of 1 to kRecordBytesMax bytes, to `sealed` as records. Called after
  /// HandshakeDone and before CloseOutput only.
  virtual Error Seal(std::string_view plain, LinkBuffer& sealed) = 0;

  /// Appends the end of our direction (close_notify, RFC 8446 §6.1) to `sealed`. Called once at
  /// most, also during the handshake.
  virtual void CloseOutput(LinkBuffer& sealed) = 0;

  /// Whether plaintext may be sealed.
  [[nodiscard]] virtual bool HandshakeDone() const = 0;
  /// Whether the peer has ended its direction by close_notify.
  [[nodiscard]] virtual bool InputEnded() const = 0;
  /// The protocol that ALPN chose (RFC 7301), "" for none. Lives as long as the layer; complete
  /// after HandshakeDone.
  [[nodiscard]] virtual std::string_view ApplicationProtocol() const { return {}; }
  /// The result of a TLS handshake; lives as long as the layer. Null before HandshakeDone, and for
  /// a protocol other than TLS.
  [[nodiscard]] virtual const tls::ConnectionState* State() const { return nullptr; }
};

}  // namespace hon::io
