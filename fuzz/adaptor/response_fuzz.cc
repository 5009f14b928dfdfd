// Responses: for anything that a handler sets and writes, the output is one well-formed message,
// with the body that was accepted, and nothing injected.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hon/adaptor/response.h"
#include "hon/base/assert.h"

namespace {

using namespace hon;
using namespace hon::adaptor;

class Capture final : public io::Stream {
 public:
  Capture() : Stream(in_, out_) {}
  Error FillInput() override { return io::ErrEof; }
  Error DrainOutput(size_t bytes_max) override {
    while (out_.Len() > bytes_max) {
      sent.append(out_.Front());
      static_cast<void>(out_.Skip(out_.Front().size()));
    }
    return {};
  }
  io::CopyResult SendFile(io::File&, int64_t, int64_t) override { return {0, io::ErrClosed}; }
  void SetReadDeadline(TimePoint) override {}
  void SetWriteDeadline(TimePoint) override {}

  std::string sent;

 private:
  io::BlockPool pool_;
  io::LinkBuffer in_{pool_};
  io::LinkBuffer out_{pool_};
};

class Control final : public ConnControl {
 public:
  Result<std::unique_ptr<io::Conn>> Hijack(std::string_view) override {
    return Fail(io::ErrClosed);
  }
  Error SetRequestDeadline(TimePoint) override { return {}; }
  bool KeepAlive() const override { return true; }
  void LogHandlerError(std::string_view) override {}
};

// Takes the input apart.
class Script {
 public:
  Script(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  bool Ended() const { return rest_.empty(); }
  uint8_t Byte() {
    if (rest_.empty()) return 0;
    const char byte = rest_.front();
    rest_.remove_prefix(1);
    return static_cast<uint8_t>(byte);
  }
  std::string_view Text(size_t size) {
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(text.size());
    return text;
  }

 private:
  std::string_view rest_;
};

// Reads one head from `wire`: CRLF lines of well-formed fields. Sets `fields` to them.
int ReadHead(std::string_view& wire, http::Header& fields, bool http10) {
  HON_ASSERT(wire.starts_with(http10 ? "HTTP/1.0 " : "HTTP/1.1 "));
  const int status = (wire[9] - '0') * 100 + (wire[10] - '0') * 10 + (wire[11] - '0');
  fields.Reset();
  for (bool first = true;; first = false) {
    const size_t end = wire.find("\r\n");
    HON_ASSERT(end != std::string_view::npos);
    const std::string_view line = wire.substr(0, end);
    wire.remove_prefix(end + 2);
    if (line.empty()) return status;
    HON_ASSERT(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    if (first) continue;
    const size_t colon = line.find(": ");
    HON_ASSERT(colon != std::string_view::npos && colon != 0);
    HON_ASSERT(fields.AddExact(line.substr(0, colon), line.substr(colon + 2)));
  }
}

std::string ReadChunks(std::string_view wire) {
  ChunkedDecoder decoder;
  std::string body;
  while (!decoder.Done()) {
    HON_ASSERT(!wire.empty());
    const ChunkedDecoder::Piece piece = decoder.Decode(wire);
    // A handler may send more trailers than a request may.
    if (piece.err.Is(ErrTrailerTooLong)) return body;
    HON_ASSERT(!piece.err);
    body.append(piece.data);
    wire.remove_prefix(piece.used);
  }
  HON_ASSERT(wire.empty());
  return body;
}

// Lets the script act as the handler. Returns the bytes that were accepted.
std::string Play(Script& script, Response& response) {
  static constexpr std::string_view kNames[] = {"Content-Length",
                                                "Transfer-Encoding",
                                                "Connection",
                                                "Content-Type",
                                                "Trailer",
                                                "Date",
                                                "X-A",
                                                "Trailer:X-T",
                                                "Upgrade",
                                                "Content-Encoding"};
  std::string accepted;
  while (!script.Ended()) {
    const uint8_t call = script.Byte();
    switch (call % 6) {
      case 0:
        response.Header().Add(kNames[script.Byte() % std::size(kNames)], script.Text(call / 16));
        break;
      case 1:
        response.Header().Set(script.Text(call / 16), script.Text(script.Byte() / 8));
        break;
      case 2:
        response.WriteHeader(100 + (script.Byte() << 8 | script.Byte()) % 900);
        break;
      case 3:
        static_cast<void>(response.Flush());
        break;
      default: {
        std::string text(static_cast<size_t>(script.Byte()) * (call / 8), 'w');
        text.append(script.Text(call / 16));
        accepted.append(text, 0, response.Write(text).n);
      }
    }
  }
  return accepted;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Script script(data, size);
  const uint8_t kind = script.Byte();
  ResponseOptions options;
  options.head = (kind & 1) != 0;
  options.http10 = (kind & 2) != 0;
  options.close = (kind & 4) != 0;
  options.date = "Sun, 06 Nov 1994 08:49:37 GMT";
  Capture stream;
  Control control;
  Response response;
  response.Reset(stream, control, options);
  const std::string accepted = Play(script, response);
  response.Finish();
  HON_ASSERT(!stream.DrainOutput(0));

  std::string_view wire = stream.sent;
  http::Header fields;
  int status = 0;
  do {
    status = ReadHead(wire, fields, options.http10);
  } while (status < 200 && status != 101);
  HON_ASSERT(status == response.Status());
  HON_ASSERT(static_cast<int64_t>(accepted.size()) == response.BytesWritten());
  const bool has_length = fields.Has(http::HeaderId::kContentLength);
  const bool chunked = fields.Has(http::HeaderId::kTransferEncoding);
  HON_ASSERT(!(has_length && chunked));
  HON_ASSERT(fields.Values("Content-Length").size() <= 1);
  if (options.head || !IsBodyAllowed(status)) {
    HON_ASSERT(wire.empty());
    HON_ASSERT(!chunked);
    return 0;
  }
  HON_ASSERT((chunked ? ReadChunks(wire) : std::string(wire)) == accepted);
  if (!chunked && !response.MustClose()) {
    std::string_view length = fields.Get(http::HeaderId::kContentLength);
    HON_ASSERT(!length.empty());
    while (length.size() > 1 && length.front() == '0') length.remove_prefix(1);
    HON_ASSERT(length == std::to_string(accepted.size()));
  }
  return 0;
}
