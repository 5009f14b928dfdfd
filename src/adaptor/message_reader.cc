#include "hon/adaptor/message_reader.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "adaptor/ascii.h"
#include "adaptor/decimal.h"
#include "adaptor/field_lines.h"
#include "adaptor/head_cursor.h"
#include "adaptor/scan_kernels.h"
#include "hon/adaptor/body_reader.h"
#include "hon/adaptor/chunked.h"
#include "hon/adaptor/request_reader.h"
#include "hon/http/method.h"
#include "hon/http/status.h"
#include "hon/http/version.h"
#include "hon/io/stream.h"

namespace hon::adaptor {

// A Reader as the Stream that the codec wants. What the codec writes, a "100 Continue", is dropped.
class MessageReader::Source final : public io::Stream {
 public:
  explicit Source(io::Reader& from) : Stream(in_, out_), from_(&from) {}

  Error FillInput() override {
    const std::span<char> room = in_.Room();
    io::IoResult got = from_->Read(room);
    in_.MallocAck(got.n);
    if (got.n != 0) return {};
    return got.err ? std::move(got.err) : Error(io::ErrUnexpectedEof);
  }
  Error DrainOutput(size_t) override {
    out_.Clear();
    return {};
  }
  io::CopyResult SendFile(io::File&, int64_t, int64_t) override { return {0, io::ErrClosed}; }
  void SetReadDeadline(TimePoint) override {}
  void SetWriteDeadline(TimePoint) override {}

 private:
  io::Reader* from_;
  io::BlockPool pool_;
  io::LinkBuffer in_{pool_};
  io::LinkBuffer out_{pool_};
};

// A body that ends with the connection.
class RestOfStream final : public http::BodySource {
 public:
  explicit RestOfStream(io::Stream& stream) : stream_(&stream) {}

  io::IoResult Read(std::span<char> into) override {
    if (closed_) return {0, http::ErrBodyReadAfterClose};
    if (into.empty()) return {};
    if (stream_->In().Empty()) {
      if (Error err = stream_->FillInput()) return {0, std::move(err)};
    }
    return {stream_->In().ReadInto(into), {}};
  }
  Error Close() override {
    closed_ = true;
    return {};
  }

 private:
  io::Stream* stream_;
  bool closed_ = false;
};

struct MessageReader::State {
  State(io::Reader& from, ParseLimits limits) : source(from), parser(limits) {}

  Source source;
  HeadParser parser;
  RequestHead head;
  io::BlockRef held;  // the block of the head that the message shows
  http::Request request;
  http::Response response;
  BodyReader body;
  std::optional<RestOfStream> rest;  // the body of an answer of unknown length
  Error failed;
};

MessageReader::MessageReader(io::Reader& from, ParseLimits limits)
    : state_(std::make_unique<State>(from, limits)) {}

MessageReader::~MessageReader() = default;

Error MessageReader::ReadHead() {
  State& state = *state_;
  HeadScan scan;
  for (;;) {
    switch (state.parser.Read(state.source.In(), scan, state.head, state.request.Header)) {
      case HeadStatus::kDone:
        return {};
      case HeadStatus::kBad:
        return Error::Of(ErrMalformedRequest,
                         std::string(DescribeRefusal(state.head.refusal).reason));
      case HeadStatus::kIncomplete:
        break;
    }
    Error err = state.source.FillInput();
    if (!err) continue;
    return err.Is(io::ErrEof) && !state.source.In().Empty() ? Error(io::ErrUnexpectedEof) : err;
  }
}

// Passes over what is left of the last body.
Error MessageReader::SkipBody() {
  if (state_->rest) return io::ErrEof;  // nothing follows it
  BodyReader& body = state_->body;
  body.SendContinue();  // nobody waits for it: the body is there
  if (body.Drain(std::numeric_limits<int64_t>::max())) return {};
  char byte;
  Error why = body.Read(std::span(&byte, 1)).err;
  return why.Is(http::ErrBodyReadAfterClose) ? Error(io::ErrUnexpectedEof) : why;
}

Result<http::Request*> MessageReader::ReadRequest() {
  State& state = *state_;
  if (!state.failed) state.failed = SkipBody();
  if (state.failed) return Fail(state.failed);
  state.request.Reset();
  state.held.Reset();
  if (state.failed = ReadHead(); state.failed) return Fail(state.failed);
  state.held = state.source.In().Hold();
  if (const Refusal refusal = FillRequest(state.head, state.request); refusal != Refusal::kNone) {
    state.failed = Error::Of(ErrMalformedRequest, std::string(DescribeRefusal(refusal).reason));
    return Fail(state.failed);
  }
  if (Error err = state.source.In().Skip(state.head.size)) return Fail(state.failed = err);
  state.body.Begin(state.source, state.head, state.request.Trailer);
  if (state.head.HasBody()) state.request.Body = http::Body(&state.body);
  return &state.request;
}

namespace {

Error Malformed(std::string text) { return Error::Of(ErrMalformedResponse, std::move(text)); }

// "HTTP/1.1 200 OK", RFC 9112 §4.
bool ReadStatusLine(std::string_view line, http::Response& response) {
  if (line.size() < 12 || line[8] != ' ' || (line.size() > 12 && line[12] != ' ')) return false;
  const std::optional<http::Version> version = http::ParseHTTPVersion(line.substr(0, 8));
  const int64_t code = internal::ParseDecimal(line.substr(9, 3));
  if (!version || version->Major != 1 || code < 100) return false;
  response.Proto = line.substr(0, 8);
  response.ProtoMajor = version->Major;
  response.ProtoMinor = version->Minor;
  response.Status = line.substr(9);
  response.StatusCode = static_cast<int>(code);
  return true;
}

// What the fields say of the body's length, RFC 9112 §6.3.
Error ReadLength(http::Response& response) {
  bool coded = false;
  int64_t length = -1;
  for (const http::Header::Field& field : response.Header) {
    if (field.id == http::HeaderId::kTransferEncoding) {
      if (coded || !internal::EqualsLower(field.value, "chunked") || response.ProtoMinor == 0) {
        return Malformed("unsupported transfer encoding");
      }
      coded = true;
    } else if (field.id == http::HeaderId::kContentLength) {
      const int64_t value = internal::ParseDecimal(field.value);
      if (value < 0 || (length >= 0 && value != length)) return Malformed("bad Content-Length");
      length = value;
    }
  }
  if (coded && length >= 0) return Malformed("Transfer-Encoding and Content-Length");
  response.Chunked = coded;
  response.ContentLength = coded ? -1 : length;
  response.Header.Del(http::HeaderId::kTransferEncoding);
  return {};
}

void TakeTrailerNames(http::Response& response) {
  for (const std::string_view names : response.Header.Values("Trailer")) {
    internal::ForEachElement(names, [&response](std::string_view name) {
      if (IsTrailerAllowed(name)) response.Trailer.Set(name, "");
    });
  }
  response.Header.Del(http::HeaderId::kTrailer);
}

bool SaysClose(const http::Response& response) {
  bool close = response.ProtoMinor == 0;
  for (const std::string_view value : response.Header.Values("Connection")) {
    if (internal::ListHas(value, "close")) return true;
    if (internal::ListHas(value, "keep-alive")) close = false;
  }
  return close;
}

}  // namespace

// Brings a whole head to the front of the input; `text` shows it, without the empty line.
Error MessageReader::ReadResponseHead(std::string_view& text) {
  io::LinkBuffer& in = state_->source.In();
  const size_t bytes_max = state_->parser.Limits().head_bytes_max;
  size_t line = 0;
  size_t scanned = 0;
  for (;;) {
    const size_t end = in.Find('\n', scanned);
    if (std::min(end, in.Len()) >= bytes_max) return Malformed("header too large");
    if (end == io::LinkBuffer::kNpos) {
      scanned = in.Len();
      if (Error err = state_->source.FillInput()) {
        return err.Is(io::ErrEof) && !in.Empty() ? Error(io::ErrUnexpectedEof) : err;
      }
      continue;
    }
    if (end - line <= 1 && line != 0) {
      const Result<std::string_view> head = in.Peek(end + 1);
      if (!head) return head.error();
      text = *head;
      return {};
    }
    line = scanned = end + 1;
  }
}

// Where the body of the answer comes from.
Error MessageReader::Frame(std::string_view method) {
  State& state = *state_;
  http::Response& response = state.response;
  if (method == http::MethodConnect && response.StatusCode / 100 == 2) {
    // A tunnel, whatever the fields say of a length (RFC 9112 §6.3).
    response.Close = true;
    response.Body = http::Body(&state.rest.emplace(state.source));
    return {};
  }
  HON_RETURN_IF_ERROR(ReadLength(response));
  if (response.Chunked) TakeTrailerNames(response);
  response.Close = SaysClose(response);
  const int status = response.StatusCode;
  if (method == http::MethodHead || status < 200 || status == http::StatusNoContent ||
      status == http::StatusNotModified) {
    return {};
  }
  if (!response.Chunked && response.ContentLength < 0) {
    response.Close = true;
    response.Body = http::Body(&state.rest.emplace(state.source));
    return {};
  }
  RequestHead head;
  head.chunked = response.Chunked;
  head.content_length = response.ContentLength;
  state.body.Begin(state.source, head, response.Trailer);
  if (head.HasBody()) response.Body = http::Body(&state.body);
  return {};
}

Result<http::Response*> MessageReader::ReadResponse(std::string_view method) {
  State& state = *state_;
  if (!state.failed) state.failed = SkipBody();
  if (state.failed) return Fail(state.failed);
  state.response = http::Response();
  state.held.Reset();
  std::string_view text;
  if (state.failed = ReadResponseHead(text); state.failed) return Fail(state.failed);
  state.held = state.source.In().Hold();
  const size_t line = text.find("\r\n");
  if (line == text.npos || !ReadStatusLine(text.substr(0, line), state.response)) {
    return Fail(state.failed = Malformed("malformed status line"));
  }
  const char* const fields = text.data() + line + 2;
  ScanMasks masks;
  internal::HeadCursor cursor(text.data() + text.size(), &internal::ScanPlain, masks);
  const auto pass = internal::ParseFieldLines(
      cursor, fields, [&state](std::string_view name, std::string_view value) {
        state.response.Header.AddView(name, value, http::FindHeaderId(name));
      });
  if (pass.status != HeadStatus::kDone) return Fail(state.failed = Malformed("malformed header"));
  if (state.response.Header.Len() > state.parser.Limits().fields_max) {
    return Fail(state.failed = Malformed("too many fields"));
  }
  if (Error err = state.source.In().Skip(text.size())) return Fail(state.failed = err);
  if (state.failed = Frame(method); state.failed) return Fail(state.failed);
  return &state.response;
}

}  // namespace hon::adaptor
