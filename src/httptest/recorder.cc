#include "hon/httptest/recorder.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "hon/http/sniff.h"

namespace hon::httptest {
namespace {

// Fields for framing, routing or the treatment of a message are no trailers (RFC 9110 §6.5.1).
constexpr std::string_view kNoTrailers[] = {"Authorization",
                                            "Cache-Control",
                                            "Connection",
                                            "Content-Encoding",
                                            "Content-Length",
                                            "Content-Range",
                                            "Content-Type",
                                            "Expect",
                                            "Host",
                                            "Keep-Alive",
                                            "Max-Forwards",
                                            "Pragma",
                                            "Proxy-Authenticate",
                                            "Proxy-Authorization",
                                            "Proxy-Connection",
                                            "Range",
                                            "Realm",
                                            "Te",
                                            "Trailer",
                                            "Transfer-Encoding",
                                            "Www-Authenticate"};

bool IsTrailer(std::string_view name) {
  return !name.starts_with("If-") &&
         std::find(std::begin(kNoTrailers), std::end(kNoTrailers), name) == std::end(kNoTrailers);
}

bool AllowsBody(int status) { return status >= 200 && status != 204 && status != 304; }

std::string_view Trim(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

int64_t ParseLength(std::string_view text) {
  text = Trim(text);
  int64_t length = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, length);
  return error == std::errc() && stop == end && length >= 0 && !text.starts_with('-') ? length : -1;
}

// Adds the fields of `header` that the list `names` announces.
void AddAnnounced(std::string_view names, const http::Header& header, http::Header& trailer) {
  while (!names.empty()) {
    const size_t comma = std::min(names.find(','), names.size());
    const std::string name = http::CanonicalHeaderKey(Trim(names.substr(0, comma)));
    names.remove_prefix(std::min(comma + 1, names.size()));
    if (!IsTrailer(name)) continue;
    for (const std::string_view value : header.Values(name)) trailer.Add(name, value);
  }
}

}  // namespace

io::IoResult ResponseRecorder::Write(std::string_view data) {
  if (!wrote_header_) {
    const bool typed = HeaderMap.Has(http::HeaderId::kContentType) ||
                       HeaderMap.Suppressed(http::HeaderId::kContentType) ||
                       !HeaderMap.Get(http::HeaderId::kTransferEncoding).empty();
    if (!typed) HeaderMap.Set(http::HeaderId::kContentType, http::DetectContentType(data));
    WriteHeader(http::StatusOK);
  }
  Body.append(data);
  if (!AllowsBody(Code)) return {0, http::ErrBodyNotAllowed};
  return {data.size(), {}};
}

void ResponseRecorder::WriteHeader(int status) {
  if (status < 100 || status > 999) throw std::invalid_argument("invalid WriteHeader code");
  if (wrote_header_) return;
  if (status < 200 && status != http::StatusSwitchingProtocols) {
    Informational.push_back(status);
    return;
  }
  Code = status;
  wrote_header_ = true;
  snapshot_ = HeaderMap.Clone();
}

Error ResponseRecorder::Flush() {
  if (!wrote_header_) WriteHeader(http::StatusOK);
  Flushed = true;
  return {};
}

Response ResponseRecorder::Result() const {
  Response response;
  response.StatusCode = Code;
  response.Status = std::to_string(Code) + ' ' + std::string(http::StatusText(Code));
  response.Header = wrote_header_ ? snapshot_.Clone() : HeaderMap.Clone();
  response.Body = Body;
  response.ContentLength = ParseLength(response.Header.Get(http::HeaderId::kContentLength));
  for (const std::string_view names : response.Header.Values("Trailer")) {
    AddAnnounced(names, HeaderMap, response.Trailer);
  }
  for (const http::Header::Field& field : HeaderMap) {
    if (!field.name.starts_with(http::TrailerPrefix)) continue;
    response.Trailer.Add(field.name.substr(http::TrailerPrefix.size()), field.value);
  }
  return response;
}

}  // namespace hon::httptest
