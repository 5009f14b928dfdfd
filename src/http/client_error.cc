#include "hon/http/client_error.h"

#include <array>
#include <cerrno>

#include "hon/appcontext/context.h"
#include "hon/http/body.h"
#include "hon/io/io.h"

namespace hon::http {
namespace {

struct Kind {
  const Sentinel* sentinel;
  ErrorKind kind;
};

// The first matching kind counts.
constexpr std::array kKinds = {
    Kind{&appcontext::ErrCanceled, ErrorKind::kCanceled},
    Kind{&appcontext::ErrDeadlineExceeded, ErrorKind::kTimeout},
    Kind{&io::ErrDeadlineExceeded, ErrorKind::kTimeout},
    Kind{&ErrDialTimeout, ErrorKind::kTimeout},
    Kind{&ErrTLSHandshakeTimeout, ErrorKind::kTimeout},
    Kind{&ErrProxyTimeout, ErrorKind::kTimeout},
    Kind{&ErrResponseHeaderTimeout, ErrorKind::kTimeout},
    Kind{&ErrProxy, ErrorKind::kProxy},
    Kind{&ErrDial, ErrorKind::kDial},
    Kind{&ErrHandshake, ErrorKind::kTls},
    Kind{&ErrSchemeMismatch, ErrorKind::kTls},
    Kind{&ErrMalformedResponse, ErrorKind::kProtocol},
    Kind{&ErrTooManyRedirects, ErrorKind::kRedirect},
    Kind{&ErrBadLocation, ErrorKind::kRedirect},
    Kind{&ErrRedirectBody, ErrorKind::kRedirect},
    Kind{&ErrResponseHeaderTooLong, ErrorKind::kLimit},
    Kind{&ErrDecodedTooLong, ErrorKind::kLimit},
    Kind{&ErrRequestHeaderTooLong, ErrorKind::kLimit},
    Kind{&ErrBodyTooLarge, ErrorKind::kLimit},
    Kind{&io::ErrTooLong, ErrorKind::kLimit},
    Kind{&io::ErrUnexpectedEof, ErrorKind::kClosed},
    Kind{&io::ErrEof, ErrorKind::kClosed},
    Kind{&io::ErrClosed, ErrorKind::kClosed},
    Kind{&ErrServerClosedIdle, ErrorKind::kClosed},
    Kind{&ErrConnectionLost, ErrorKind::kClosed},
    Kind{&ErrCannotRewind, ErrorKind::kClosed},
    Kind{&ErrTransportClosed, ErrorKind::kClosed},
};

}  // namespace

ErrorKind KindOf(const Error& error) {
  if (!error) return ErrorKind::kNone;
  for (const Kind& one : kKinds) {
    if (error.Is(*one.sentinel)) return one.kind;
  }
  const int code = error.SystemCode();
  if (code == ETIMEDOUT) return ErrorKind::kTimeout;
  if (code == ECONNRESET || code == EPIPE || code == ECONNABORTED) return ErrorKind::kClosed;
  return ErrorKind::kOther;
}

bool IsTimeout(const Error& error) { return KindOf(error) == ErrorKind::kTimeout; }

std::string_view KindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNone:
      break;
    case ErrorKind::kTimeout:
      return "timeout";
    case ErrorKind::kCanceled:
      return "canceled";
    case ErrorKind::kDial:
      return "dial";
    case ErrorKind::kTls:
      return "tls";
    case ErrorKind::kProtocol:
      return "protocol";
    case ErrorKind::kRedirect:
      return "redirect";
    case ErrorKind::kClosed:
      return "closed";
    case ErrorKind::kLimit:
      return "limit";
    case ErrorKind::kProxy:
      return "proxy";
    case ErrorKind::kOther:
      return "other";
  }
  return "";
}

}  // namespace hon::http
