#pragma once

// Requests that do not come over a server's connection: from a file, a recording, a test.

#include <memory>

#include "hon/adaptor/head_parser.h"
#include "hon/base/result.h"
#include "hon/http/request.h"
#include "hon/io/io.h"

namespace hon::adaptor {

/// The bytes are no request; the text says how a server would have refused it.
inline constexpr Sentinel ErrMalformedRequest{"malformed HTTP request"};

/// Reads requests (RFC 9112) from a Reader, one behind the other; Go's http.ReadRequest with the
/// bufio.Reader that it asks for. As strict as the server. Used by one fiber or thread at a time.
class MessageReader {
 public:
  /// `from` is kept by the caller. More bytes than needed may be read from it.
  explicit MessageReader(io::Reader& from, ParseLimits limits = {});
  ~MessageReader();
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;

  /// The next request, behind what was left unread of the last one's body. It belongs to this
  /// reader; it, its views and its Body end with the next call. RemoteAddr is "".
  /// Errors: io::ErrEof when nothing more comes, io::ErrUnexpectedEof inside a head,
  /// ErrMalformedRequest, what reading the last body gave, or what `from` gave. Errors stay.
  Result<http::Request*> ReadRequest();

 private:
  class Source;
  struct State;

  Error SkipBody();
  Error ReadHead();

  std::unique_ptr<State> state_;
};

}  // namespace hon::adaptor
