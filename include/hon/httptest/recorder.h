#pragma once

// A ResponseWriter that records the answer of a handler, for tests.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hon/http/response_writer.h"
#include "hon/http/status.h"

namespace hon::httptest {

/// The recorded answer of a handler, as a client would see it.
struct Response {
  int StatusCode = 0;
  std::string Status;  // "200 OK"
  http::Header Header;
  http::Header Trailer;
  std::string Body;
  int64_t ContentLength = -1;  // -1: no valid Content-Length field
};

/// Records one answer. Header fields are those at the first Write, WriteHeader or Flush; a field
/// set later counts only as a trailer.
class ResponseRecorder final : public http::ResponseWriter {
 public:
  int Code = http::StatusOK;  // 200 even when nothing was ever written
  http::Header HeaderMap;     // as the handler sees it
  std::string Body;
  bool Flushed = false;
  std::vector<int> Informational;  // 1xx that were sent before, in order

  http::Header& Header() override { return HeaderMap; }
  /// Sets a missing Content-Type by the first bytes. For a status without a body, the bytes are
  /// kept all the same and the result is {0, ErrBodyNotAllowed}.
  io::IoResult Write(std::string_view data) override;
  void WriteHeader(int status) override;
  Error Flush() override;
  [[nodiscard]] int Status() const override { return wrote_header_ ? Code : 0; }
  [[nodiscard]] int64_t BytesWritten() const override { return static_cast<int64_t>(Body.size()); }

  /// The answer, once the handler has returned.
  [[nodiscard]] Response Result() const;

 private:
  bool wrote_header_ = false;
  http::Header snapshot_;
};

}  // namespace hon::httptest
