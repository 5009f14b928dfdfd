#pragma once

// Messages from other sources than a server's connection: files, recordings, tests.

#include <memory>
#include <string_view>

#include "hon/adaptor/head_parser.h"
#include "hon/base/result.h"
#include "hon/http/request.h"
#include "hon/http/response.h"
#include "hon/io/io.h"

namespace hon::adaptor {

/// The bytes are no request; the text has the status that a server would answer.
inline constexpr Sentinel ErrMalformedRequest{"malformed HTTP request"};
/// The bytes are no answer of HTTP/1.x; the text has the reason.
inline constexpr Sentinel ErrMalformedResponse{"malformed HTTP response"};

/// Reads requests or answers (RFC 9112) from a Reader, one after the other; Go's http.ReadRequest
/// and http.ReadResponse together with their bufio.Reader. As strict as the server. Used by one
/// fiber or thread at a time.
class MessageReader {
 public:
  /// `from` is kept by the caller. More bytes than needed may be read from it.
  explicit MessageReader(io::Reader& from, ParseLimits limits = {});
  ~MessageReader();
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;

  /// The next request, after skipping the unread rest of the last one's body. The request belongs
  /// to the MessageReader; it, its views and its Body end with the next call. RemoteAddr is "".
  /// Errors: io::ErrEof at the end of the input, io::ErrUnexpectedEof inside a head,
  /// ErrMalformedRequest, the error of reading the last body, or the error of `from`. Errors are
  /// sticky.
  Result<http::Request*> ReadRequest();

  /// The next answer, to a request with this method, with the same lifetime. A 1xx is an answer of
  /// its own. Errors: as above, and ErrMalformedResponse.
  Result<http::Response*> ReadResponse(std::string_view method = "GET");

 private:
  class Source;
  struct State;

  Error SkipBody();
  Error ReadHead();
  Error ReadAnswerHead(std::string_view method, AnswerHead& head);

  std::unique_ptr<State> state_;
};

/// Makes the names in the Trailer fields the names of response.Trailer, without values, and removes
/// those fields (RFC 9110 §6.6.2). Names that no trailer may have are left out.
void TakeTrailerNames(http::Response& response);

}  // namespace hon::adaptor
