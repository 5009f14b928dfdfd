#pragma once

// Connections for http::Client: Go's http.Transport.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/base/result.h"
#include "hon/base/time.h"
#include "hon/http/http2_config.h"
#include "hon/http/protocols.h"
#include "hon/http/proxy.h"
#include "hon/http/round_tripper.h"
#include "hon/io/conn.h"

namespace hon::tls {
class ClientContext;
}  // namespace hon::tls

namespace hon::client {

/// Bytes of an answer's head with the 1xx answers before it. One more byte fails with
/// http::ErrResponseHeaderTooLong.
inline constexpr size_t kResponseHeaderBytesMax = size_t{10} << 20;
/// Field lines of a head.
inline constexpr size_t kResponseFieldsMax = 1000;
/// 1xx answers before the final answer. One more fails with http::ErrMalformedResponse.
inline constexpr size_t kInterimAnswersMax = 100;
/// A decoded body of this many bytes is never refused, whatever its coded length is.
inline constexpr size_t kDecodedFreeBytes = size_t{16} << 20;
/// Ratio of decoded to coded bytes that is allowed past kDecodedFreeBytes.
inline constexpr size_t kDecodedRatioMax = 200;
/// Logarithm of the largest window of a zstd-coded body (RFC 9659): 8 MiB.
inline constexpr int kZstdWindowLogMax = 23;
/// Bytes of the head of a proxy's answer to CONNECT.
inline constexpr size_t kProxyAnswerBytesMax = 64 * 1024;
/// Bytes of a refusing proxy's answer that its error shows.
inline constexpr size_t kProxyAnswerHintBytes = 256;
/// Received bytes of a body that the caller did not read to its end: up to this many are dropped,
/// so that the connection can be used again.
inline constexpr size_t kUnreadAnswerBytesMax = 256 * 1024;
/// Addresses of one name that are tried.
inline constexpr size_t kAddressesTriedMax = 16;
/// Names whose addresses one Transport keeps, with NameCacheTime.
inline constexpr size_t kNamesCachedMax = 256;
/// Threads of one Transport that look names up.
inline constexpr unsigned kResolverThreadsMax = 8;
/// Streams of one HTTP/2 connection before the server's SETTINGS are known.
inline constexpr size_t kStreamsAssumedMax = 100;
/// Streams of one HTTP/2 connection at once, where the server allows more.
inline constexpr size_t kStreamsAtOnceMax = 1000;
/// How often a request is sent again that was refused before it was processed (RFC 9113 §8.7).
inline constexpr size_t kRefusalsMax = 7;
/// The wait before a refused request is sent for the third time; each further wait is twice as
/// long.
inline constexpr Duration kRefusalWait = std::chrono::seconds(1);
/// Time after which the next address is tried, when the one before has not answered (RFC 8305 §5).
inline constexpr Duration kNextAddressDelay = std::chrono::milliseconds(250);

/// RegisterProtocol's RoundTripper returns this to have the Transport itself send the request.
inline constexpr Sentinel ErrSkipAltProtocol{"net/http: skip alternate protocol"};

/// Names and values of further fields of a request to a proxy.
using ProxyFields = std::vector<std::pair<std::string, std::string>>;

/// The options of Go's http.Transport, with the defaults of Go's DefaultTransport.
struct TransportOptions {
  /// Empty: no proxy; the default transport has http::ProxyFromEnvironment. The scheme of a proxy's
  /// URL is http, https, socks5 or socks5h.
  http::ProxyFunc Proxy = {};
  /// Fields of CONNECT requests. A User-Agent or Proxy-Authorization here replaces the usual one.
  ProxyFields ProxyConnectHeader = {};
  /// Returns the fields of the CONNECT request for "host:port", in place of ProxyConnectHeader.
  /// Called on a fiber.
  std::function<Result<ProxyFields>(const appcontext::Context&, const url::URL& proxy,
                                    std::string_view host_port)>
      GetProxyConnectHeader = {};
  /// Called with the head of a proxy's final answer to CONNECT, whatever its status. An error ends
  /// the request. Called on the loop, must not wait. The answer's texts are valid during the call.
  std::function<Error(const url::URL& proxy, const http::Response& answer)> OnProxyConnectResponse =
      {};
  /// Makes the connection to "host:port" in place of the Transport. Called on a fiber. TLS and
  /// proxies do not apply to such a connection.
  std::function<Result<std::unique_ptr<io::Conn>>(const appcontext::Context&, std::string_view)>
      DialContext = {};
  /// Returns the address to connect to in place of "host:port": "unix:/path" or "host:port". Called
  /// on the loop, must not wait.
  std::function<std::string(std::string_view)> DialAddress = {};
  /// Returns the IP addresses of a host in place of the system's resolver. Called on a thread of
  /// the Transport's own, may wait.
  std::function<Result<std::vector<std::string>>(const std::string& host)> LookupHost = {};
  /// The context for https. Null: the system's roots are trusted. ALPN offers the NextProtos of the
  /// context's Config, or the Protocols where there are none.
  std::shared_ptr<tls::ClientContext> TLS = {};
  /// Empty: HTTP/1.1, and HTTP/2 where an https server chooses it by ALPN. HTTP2 without HTTP1: any
  /// other choice is an error. UnencryptedHTTP2 without HTTP1: http URLs in HTTP/2 with prior
  /// knowledge.
  http::Protocols Protocols = {};
  /// Settings of HTTP/2. PINGs are on by default: a server that answers none while requests are
  /// pending has gone, and the requests that may be repeated go to a new connection.
  http::HTTP2Config HTTP2 = {};

  /// For a name and all its addresses; through a proxy, again for all between the connection to the
  /// proxy and the first request: the proxy's answers and the handshakes of TLS.
  Duration DialTimeout = std::chrono::seconds(30);
  Duration TLSHandshakeTimeout = std::chrono::seconds(10);  // without a proxy
  /// From the end of the request to the end of the answer's head. Go has no limit by default.
  Duration ResponseHeaderTimeout = std::chrono::seconds(60);
  /// How long a body waits for a 100, when the request has Expect: 100-continue.
  Duration ExpectContinueTimeout = std::chrono::seconds(1);
  Duration IdleConnTimeout = std::chrono::seconds(90);
  /// A connection older than this serves no further request, so that names are looked up anew. Of
  /// each connection up to a tenth is taken off, lest all end together. 0: no limit, as Go.
  Duration MaxConnLifetime = {};
  /// How long the addresses of a name are kept. Failures are not kept. 0: not at all, as Go.
  Duration NameCacheTime = {};
  size_t MaxIdleConns = 100;       // on all loops; 0: no limit
  size_t MaxIdleConnsPerHost = 0;  // of one route; 0: as MaxIdleConns
  /// Connections of one route on all loops: dialed, in use and idle. Further requests wait for one.
  /// 0: no limit.
  size_t MaxConnsPerHost = 0;
  size_t MaxResponseHeaderBytes = kResponseHeaderBytesMax;
  bool DisableKeepAlives = false;
  /// The Transport neither asks for coded bodies nor decodes them. Else it asks for gzip, and for
  /// br and zstd where the library was built with HON_BROTLI and HON_ZSTD.
  bool DisableCompression = false;
};

/// A transport whose requests to upgrade go out in either version of HTTP.
class UpgradeTripper {
 public:
  /// As RoundTrip, for a request with an Upgrade field whose connection the caller takes over
  /// (Response::TakeConn); from a fiber. Over HTTP/2 the request is sent as an extended CONNECT
  /// (RFC 8441), which is used where a connection to the server exists that allows it, and where
  /// Protocols exclude HTTP/1. The answer is then a 2xx in place of the 101, and a server that does
  /// not allow extended CONNECT is an error, http::ErrInvalidRequest.
  virtual Result<http::Response> RoundTripUpgrade(http::Request& request) = 0;

 protected:
  ~UpgradeTripper() = default;
};

struct ClientTrace;
class Core;    // src/client
class Bridge;  // src/client

/// Connections to servers, kept for further requests. Called by any number of fibers and threads. A
/// call on a fiber suspends that fiber, and its connection belongs to that fiber's loop. A call on
/// a thread without a loop blocks the thread; the connections of such threads belong to one loop on
/// a thread of the Transport's own, which the first such call starts. The body of a request is read
/// where the call was made: by the calling thread, while that thread waits in RoundTrip or in the
/// Body of the Response.
class Transport final : public http::RoundTripper, public UpgradeTripper {
 public:
  explicit Transport(TransportOptions options = {});
  /// Closes idle connections. Pending requests go on, and their connections are closed at their
  /// end.
  ~Transport() override;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// See http::RoundTripper. Fails when called by a callback of a loop, outside of any fiber.
  Result<http::Response> RoundTrip(http::Request& request) override;
  /// As RoundTrip, and calls the hooks of `trace` before those of the context. The caller keeps
  /// `trace` until the Response is destroyed. From a fiber.
  Result<http::Response> RoundTripTraced(http::Request& request, const ClientTrace& trace);
  /// See UpgradeTripper.
  Result<http::Response> RoundTripUpgrade(http::Request& request) override;
  /// Requests whose URL has `scheme` go to `transport`, which may return ErrSkipAltProtocol. Any
  /// thread. Throws std::invalid_argument for a scheme that is registered already, as Go panics.
  void RegisterProtocol(std::string scheme, std::shared_ptr<http::RoundTripper> transport);
  /// Closes the connections that serve no request. Connections that become idle before the next
  /// request of this Transport are closed too.
  void CloseIdleConnections() override;

  /// Number of idle connections on all loops.
  [[nodiscard]] size_t IdleConnections() const;

 private:
  Result<http::Response> RoundTripOnFiber(http::Request& request, const ClientTrace* trace);

  std::shared_ptr<Core> core_;
  std::unique_ptr<Bridge> bridge_;
};

}  // namespace hon::client
