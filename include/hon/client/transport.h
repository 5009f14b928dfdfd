#pragma once

// Connections for http::Client: Go's http.Transport.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "hon/base/result.h"
#include "hon/base/time.h"
#include "hon/http/proxy.h"
#include "hon/http/round_tripper.h"
#include "hon/io/conn.h"

namespace hon::tls {
class ClientContext;
}  // namespace hon::tls

namespace hon::client {

/// The head of an answer with the 1xx answers before it; one more byte is
/// http::ErrResponseHeaderTooLong.
inline constexpr size_t kResponseHeaderBytesMax = size_t{10} << 20;
/// Field lines of a head.
inline constexpr size_t kResponseFieldsMax = 1000;
/// 1xx answers before the final one; one more is http::ErrMalformedResponse.
inline constexpr size_t kInterimAnswersMax = 100;
/// A decoded body may always have this many bytes, whatever it was decoded from.
inline constexpr size_t kDecodedFreeBytes = size_t{16} << 20;
/// Past kDecodedFreeBytes, decoded bytes for each coded one.
inline constexpr size_t kDecodedRatioMax = 200;
/// The head of a proxy's answer to CONNECT.
inline constexpr size_t kProxyAnswerBytesMax = 64 * 1024;
/// Received bytes of a body that the caller has left: up to this many are dropped, so that the
/// connection can be used again.
inline constexpr size_t kUnreadAnswerBytesMax = 256 * 1024;
/// Addresses of one name that are tried.
inline constexpr size_t kAddressesTriedMax = 16;
/// Threads of one Transport that look names up.
inline constexpr unsigned kResolverThreadsMax = 8;
/// The next address is tried when the one before it has not answered within this time (RFC 8305).
inline constexpr Duration kNextAddressDelay = std::chrono::milliseconds(250);

/// As Go's Transport, by whose names it goes. The defaults are those of Go's DefaultTransport.
struct TransportOptions {
  /// Empty: no proxy. The default transport has http::ProxyFromEnvironment. A proxy is a URL with
  /// the scheme http, https, socks5 or socks5h.
  http::ProxyFunc Proxy = {};
  /// Makes the connection to "host:port" instead of the Transport: called on a fiber. TLS and
  /// proxies do not apply to such a connection.
  std::function<Result<std::unique_ptr<io::Conn>>(const appcontext::Context&, std::string_view)>
      DialContext = {};
  /// Another address to connect to in place of "host:port": "unix:/path" or "host:port". Asked on
  /// the loop, must not wait.
  std::function<std::string(std::string_view)> DialAddress = {};
  /// For https. Null: the roots of the system are trusted. ALPN should offer "http/1.1".
  std::shared_ptr<tls::ClientContext> TLS = {};

  Duration DialTimeout = std::chrono::seconds(30);  // a name and its addresses
  Duration TLSHandshakeTimeout = std::chrono::seconds(10);
  /// From the end of the request to the end of the answer's head. Go has no limit by default.
  Duration ResponseHeaderTimeout = std::chrono::seconds(60);
  /// For how long a body waits for a 100, when the request has Expect: 100-continue.
  Duration ExpectContinueTimeout = std::chrono::seconds(1);
  Duration IdleConnTimeout = std::chrono::seconds(90);
  size_t MaxIdleConns = 100;       // on all loops; 0: no limit
  size_t MaxIdleConnsPerHost = 0;  // of one route; 0: as MaxIdleConns
  /// Of one route on all loops: those that are dialed, in use and idle. More requests wait. 0: no
  /// limit.
  size_t MaxConnsPerHost = 0;
  size_t MaxResponseHeaderBytes = kResponseHeaderBytesMax;
  bool DisableKeepAlives = false;
  /// Neither asks for gzip nor decodes it.
  bool DisableCompression = false;
};

class Core;    // src/client
class Bridge;  // src/client

/// Connections to servers, kept for further requests. Any number of fibers and threads.
/// On a fiber a call suspends it, and its connection belongs to that fiber's loop. On a thread
/// without a loop a call blocks the thread; the connections of such threads belong to one loop on a
/// thread of the Transport's own, which the first such call starts. The body of a request is read
/// where the call was made: by the calling thread, while it waits in RoundTrip or in the Body of
/// the Response.
class Transport final : public http::RoundTripper {
 public:
  explicit Transport(TransportOptions options = {});
  /// Idle connections are closed; requests that are under way go on, and their connections are
  /// closed behind them.
  ~Transport() override;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// As http::RoundTripper. From a callback of a loop, outside any fiber, it is an error.
  Result<http::Response> RoundTrip(http::Request& request) override;
  void CloseIdleConnections() override;

  /// Connections that wait for a request now, on all loops.
  [[nodiscard]] size_t IdleConnections() const;

 private:
  std::shared_ptr<Core> core_;
  std::unique_ptr<Bridge> bridge_;
};

}  // namespace hon::client
