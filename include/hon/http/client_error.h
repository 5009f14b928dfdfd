#pragma once

// The errors of requests that a client sends. Errors of a Client have the text `Get "http://host/":
// <reason>`, without the URL's password.

#include <cstdint>
#include <string_view>

#include "hon/base/error.h"

namespace hon::http {

/// The kind of a client's error.
enum class ErrorKind : uint8_t {
  kNone,      // no error
  kTimeout,   // a time limit or deadline has passed
  kCanceled,  // the request's context was cancelled
  kDial,      // no connection: the name was not found, or no address took it
  kTls,       // the handshake of TLS failed
  kProtocol,  // the answer is not HTTP
  kRedirect,  // a redirect that is not followed
  kClosed,    // the connection ended too early
  kLimit,     // a size limit was reached
  kProxy,     // the proxy refused, or did not answer as a proxy
  kOther,     // the request cannot be sent, or its body could not be read
};

[[nodiscard]] ErrorKind KindOf(const Error& error);
/// "timeout", "canceled", ...; "" for kNone.
[[nodiscard]] std::string_view KindName(ErrorKind kind);
/// Whether a time limit was at fault, as Go's net.Error.Timeout.
[[nodiscard]] bool IsTimeout(const Error& error);

/// The request cannot be sent as it is: nothing was sent.
inline constexpr Sentinel ErrInvalidRequest{"net/http: invalid request"};

/// CheckRedirect returns this to have the last answer returned, its body unread.
inline constexpr Sentinel ErrUseLastResponse{"net/http: use last response"};
inline constexpr Sentinel ErrTooManyRedirects{"stopped after too many redirects"};
/// The Location of a redirect cannot be used.
inline constexpr Sentinel ErrBadLocation{"failed to parse Location header"};
/// A redirect demands the body again, which cannot be read twice (replay.h).
inline constexpr Sentinel ErrRedirectBody{"http: redirect needs the request body a second time"};

inline constexpr Sentinel ErrDial{"dial"};
inline constexpr Sentinel ErrDialTimeout{"dial: i/o timeout"};
inline constexpr Sentinel ErrHandshake{"tls"};
inline constexpr Sentinel ErrTLSHandshakeTimeout{"net/http: TLS handshake timeout"};
/// The server of an https URL does not speak TLS.
inline constexpr Sentinel ErrSchemeMismatch{"http: server gave HTTP response to HTTPS client"};
inline constexpr Sentinel ErrProxy{"proxy"};
inline constexpr Sentinel ErrProxyTimeout{"proxyconnect: timeout awaiting the proxy's answer"};

inline constexpr Sentinel ErrResponseHeaderTimeout{"net/http: timeout awaiting response headers"};
inline constexpr Sentinel ErrResponseHeaderTooLong{"net/http: server response headers exceeded"};
/// The fields of a request are longer than the server takes (SETTINGS_MAX_HEADER_LIST_SIZE).
inline constexpr Sentinel ErrRequestHeaderTooLong{
    "http2: request header list larger than peer's advertised limit"};
/// The answer breaks HTTP.
inline constexpr Sentinel ErrMalformedResponse{"net/http: malformed HTTP response"};
/// A decoded body is longer than allowed, or than its coded form makes plausible.
inline constexpr Sentinel ErrDecodedTooLong{"net/http: decoded response body too long"};
/// The connection was closed while no request was on it.
inline constexpr Sentinel ErrServerClosedIdle{"http: server closed idle connection"};
/// An HTTP/2 connection on which the server does not answer a PING.
inline constexpr Sentinel ErrConnectionLost{"http2: client connection lost"};
/// The connection was lost after part of the body was sent, which cannot be read twice.
inline constexpr Sentinel ErrCannotRewind{"net/http: cannot rewind body after connection loss"};
/// The transport has been closed.
inline constexpr Sentinel ErrTransportClosed{"net/http: transport closed"};

}  // namespace hon::http
