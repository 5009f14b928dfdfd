#pragma once

// Messages that do not come over a server's connection: from a file, a recording, a test.

#include <memory>
#include <string_view>

#include "hon/adaptor/head_parser.h"
#include "hon/base/result.h"
#include "hon/http/request.h"
#include "hon/http/response.h"
#include "hon/io/io.h"

namespace hon::adaptor {

/// The bytes are no request; the text says how a server would have refused it.
inline constexpr Sentinel ErrMalformedRequest{"malformed HTTP request"};
/// The bytes are no answer of HTTP/1.x; the text says why.
inline constexpr Sentinel ErrMalformedResponse{"malformed HTTP response"};

/// Reads requests or answers (RFC 9112) from a Reader, one behind the other; Go's http.ReadRequest
/// and http.ReadResponse with the bufio.Reader that they ask for. As strict as the server. Used by
/// one fiber or thread at a time.
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

  /// The next answer, to a request with this method, on the same terms. A 1xx is an answer of its
  /// own. Errors: as above, and ErrMalformedResponse.
  Result<http::Response*> ReadResponse(std::string_view method = "GET");

 private:
  class Source;
  struct State;

  Error SkipBody();
  Error ReadHead();
  Error ReadAnswerHead(std::string_view method, AnswerHead& head);

  std::unique_ptr<State> state_;
};

}  // namespace hon::adaptor
