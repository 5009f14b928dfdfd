#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "hon/base/error.h"

namespace hon::engine {

/// An error, for a log or a counter; Go's ErrorLog with types in place of free text.
struct Event {
  enum class Kind : uint8_t {
    kPanic,        // a handler threw; `detail` is its what()
    kBadRequest,   // a request was refused before a handler ran; `status` is the answer's
    kHandler,      // a handler misused its writer (a second WriteHeader, ...)
    kAccept,       // accepting failed and is tried again
    kListener,     // a note of a backend or listener (io_uring is not available, ...)
    kHandshake,    // a TLS handshake failed, `detail` says why
    kFlood,        // a TLS connection was cut for a flood of records (hon/tls/limits.h)
    kCertificate,  // certificates were read anew, could not be read, or will expire soon
    kStall,        // a loop is held, by a handler (`pattern`) or by anything else that it runs
                   // (`pattern` is empty, `detail` says what); `stack` may show where
    kProtocol,     // an HTTP/2 connection was ended for a fault of the peer; `detail` names the
                   // fault
    kCallback,     // a callback of the program threw; `detail` has its name and what()
  };
  Kind kind = Kind::kHandler;
  int status = 0;              // of the answer; 0 without an answer
  std::string_view peer{};     // "ip:port", may be empty
  std::string_view pattern{};  // the mux pattern, may be empty
  std::string_view detail{};   // one line for a person
  std::string_view stack{};    // of a stall: a line for each function, innermost first
};

/// Called on any thread of the engine, must not block. The views end when the hook returns. An
/// exception that leaves the hook goes no further: the event and the exception are written to
/// stderr.
using EventHook = std::function<void(const Event&)>;

/// The text of an answer that the engine gives in place of a handler.
struct ErrorReply {
  std::string content_type;  // no control bytes
  std::string body;
};

/// Returns the text of an answer that the engine gives in place of a handler, or nothing for the
/// usual text. Called for every such answer:
///  - a request that was refused before a handler ran: kind kBadRequest;
///  - a handler that threw before its answer had begun: kind kPanic, status 500;
///  - a handler that returned without an answer because its time was up (503) or because the body
///    could not be read (400, 408, 413): kind kBadRequest.
/// `status` is the status of the answer, `detail` the usual text, "413 Request Entity Too Large".
/// The what() of a handler's exception is not in `detail`, since it is not meant for the client.
/// The status line, `Connection: close`, the fields that adaptor::IsKeptInRefusal names and the end
/// of the connection are fixed. Called on any loop's thread, must not block. The views end when the
/// hook returns. An exception that leaves the hook is reported (kCallback), and the usual text is
/// sent.
using ErrorReplyHook = std::function<std::optional<ErrorReply>(const Event&)>;

/// The default hook: one line on stderr, control bytes escaped. A separate thread writes the lines
/// (hon/base/log.h), so that no loop waits for stderr. Of each kind kLogLinesPerSecond lines are
/// written, and kLogLinesBurst at once; a line reports how many were left out.
void LogToStderr(const Event& event);

}  // namespace hon::engine
