// Connections of whole requests, composed by a grammar from the input: methods, targets, fields,
// lengths, chunks with extensions and trailers. Every split of the bytes gives the same requests.
// Requests that the grammar made are read as they were meant: no byte of a body is taken for a
// head, nor the other way round. One byte may be changed; the requests before it stay what they
// are.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "hon/adaptor/body_reader.h"
#include "hon/adaptor/head_parser.h"
#include "hon/adaptor/request_reader.h"
#include "hon/base/assert.h"
#include "hon/io/stream.h"

namespace {

using namespace hon;
using namespace hon::adaptor;

constexpr size_t kRequestsMax = 6;

// Takes the input apart.
class Script {
 public:
  Script(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
  [[nodiscard]] bool Ended() const { return rest_.empty(); }
  uint8_t Byte() {
    if (rest_.empty()) return 0;
    const char byte = rest_.front();
    rest_.remove_prefix(1);
    return static_cast<uint8_t>(byte);
  }
  size_t Below(size_t bound) { return Byte() % bound; }
  std::string_view Bytes(size_t size) {
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(bytes.size());
    return bytes;
  }
  /// A text of bytes of `alphabet`.
  std::string Text(size_t size, std::string_view alphabet) {
    std::string text;
    for (size_t i = 0; i < size; ++i) text += alphabet[Below(alphabet.size())];
    return text;
  }

 private:
  std::string_view rest_;
};

constexpr std::string_view kToken = "abcXYZ019!#$%&'*+-.^_`|~";
constexpr std::string_view kPath = "abcXYZ019-._~!$&'()*+,;=:@/?";
constexpr std::string_view kVisible = "abcXYZ019 \t!\"(),/:;<=>?@[\\]{}~\x80\xff";

std::string Chunks(Script& script, std::string_view body) {
  std::string wire;
  while (!body.empty()) {
    const std::string_view part = body.substr(0, 1 + script.Below(40));
    body.remove_prefix(part.size());
    char digits[24];
    const uint8_t style = script.Byte();
    std::snprintf(digits, sizeof digits, (style & 1) != 0 ? "%zX" : "%04zx", part.size());
    wire += digits;
    if ((style & 2) != 0) wire += ";" + script.Text(1 + script.Below(5), "abc") + "=\"x y\"";
    wire.append("\r\n").append(part).append("\r\n");
  }
  wire += "0\r\n";
  for (size_t i = script.Below(3); i != 0; --i) {
    wire += "T" + script.Text(script.Below(4), kToken) + ": trailing\r\n";
  }
  return wire + "\r\n";
}

/// One request, as it is meant and on the wire.
struct Composed {
  std::string meant;
  std::string wire;
};

std::string Describe(std::string_view method, std::string_view target, std::string_view body) {
  return std::string(method) + ' ' + std::string(target) + ' ' + std::to_string(body.size()) + ' ' +
         std::string(body) + '\n';
}

Composed Compose(Script& script) {
  static constexpr std::string_view kMethods[] = {"GET", "POST", "PUT", "DELETE", "M-SEARCH"};
  const std::string method(kMethods[script.Below(std::size(kMethods))]);
  const std::string target = "/" + script.Text(script.Below(12), kPath);
  std::string head = method + ' ' + target + " HTTP/1.1\r\nHost: a\r\n";
  for (size_t i = script.Below(4); i != 0; --i) {
    head += "X-" + script.Text(script.Below(6), kToken) + ":" +
            script.Text(script.Below(3), " \t") + script.Text(script.Below(20), kVisible) + "\r\n";
  }
  const size_t framing = script.Below(3);
  const std::string body(framing == 0 ? "" : script.Bytes(script.Below(200)));
  if (framing == 1) {
    head += "Content-Length: " + std::string(script.Below(3), '0') + std::to_string(body.size()) +
            "\r\n";
  } else if (framing == 2) {
    head += "Transfer-Encoding: chunked\r\n";
  }
  return {Describe(method, target, body),
          head + "\r\n" + (framing == 2 ? Chunks(script, body) : body)};
}

// The bytes of a connection, in pieces.
class Pieces final : public io::Stream {
 public:
  Pieces(std::string_view bytes, size_t piece) : Stream(in_, out_), rest_(bytes), piece_(piece) {}
  Error FillInput() override {
    if (rest_.empty()) return io::ErrEof;
    in_.Write(rest_.substr(0, piece_));
    rest_.remove_prefix(std::min(piece_, rest_.size()));
    return {};
  }
  Error DrainOutput(size_t) override { return {}; }
  io::CopyResult SendFile(io::File&, int64_t, int64_t) override { return {0, io::ErrClosed}; }
  void SetReadDeadline(TimePoint) override {}
  void SetWriteDeadline(TimePoint) override {}
  [[nodiscard]] io::LinkBuffer& Input() { return in_; }

 private:
  io::BlockPool pool_;
  io::LinkBuffer in_{pool_};
  io::LinkBuffer out_{pool_};
  std::string_view rest_;
  size_t piece_;
};

/// The requests of a connection, each as Describe has it, and the reason of its end.
std::vector<std::string> ReadAll(std::string_view wire, size_t piece) {
  Pieces stream(wire, piece);
  const HeadParser parser({.head_bytes_max = 4000, .fields_max = 30});
  std::vector<std::string> found;
  for (;;) {
    HeadScan scan;
    RequestHead head;
    http::Request request;
    HeadStatus status = HeadStatus::kIncomplete;
    for (;;) {
      status = parser.Read(stream.Input(), scan, head, request.Header);
      if (status != HeadStatus::kIncomplete) break;
      if (stream.FillInput()) break;
    }
    if (status == HeadStatus::kIncomplete) {
      found.emplace_back("incomplete");
      return found;
    }
    Refusal refusal = head.refusal;
    if (status == HeadStatus::kDone) refusal = FillRequest(head, request);
    if (status == HeadStatus::kBad || refusal != Refusal::kNone) {
      found.emplace_back(DescribeRefusal(refusal).reason);
      return found;
    }
    const std::string method(head.method);
    const std::string target(head.target);
    const bool close = head.close;
    BodyReader body;
    http::Header trailer;
    const io::BlockRef held = stream.Input().Hold();
    const Error skipped = stream.Input().Skip(head.size);
    HON_ASSERT(!skipped);
    body.Begin(stream, head, trailer);
    const Result<std::string> all = io::ReadAll(body);
    found.push_back(Describe(method, target, all ? *all : all.error().Message()));
    if (!all || close) return found;
    HON_ASSERT(body.AtEnd());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Script script(data, size);
  const size_t piece = 1 + script.Byte();
  const bool changes = (script.Byte() & 1) != 0;
  const size_t place = script.Byte() | static_cast<size_t>(script.Byte()) << 8;
  const uint8_t by = script.Byte();
  std::vector<Composed> composed;
  std::string wire;
  while (!script.Ended() && composed.size() < kRequestsMax) {
    composed.push_back(Compose(script));
    wire += composed.back().wire;
  }
  size_t untouched = composed.size();
  if (changes && !wire.empty()) {
    const size_t at = place % wire.size();
    switch (by % 3) {
      case 0:
        wire[at] = static_cast<char>(by);
        break;
      case 1:
        wire.insert(at, 1, "\r\n \t:;,0\0"[by / 3 % 9]);
        break;
      default:
        wire.erase(at, 1);
    }
    size_t end = 0;
    untouched = 0;
    while (end + composed[untouched].wire.size() <= at) end += composed[untouched++].wire.size();
  }
  const std::vector<std::string> whole = ReadAll(wire, wire.size() + 1);
  HON_ASSERT(ReadAll(wire, piece) == whole);
  HON_ASSERT(whole.size() >= untouched);
  for (size_t i = 0; i < untouched; ++i) HON_ASSERT(whole[i] == composed[i].meant);
  if (!changes) {
    HON_ASSERT(whole.size() == composed.size() + 1 && whole.back() == "incomplete");
  }
  return 0;
}
