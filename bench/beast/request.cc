#include "bench/beast/request.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <string_view>

namespace hon::beast {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool IsNoField(bhttp::field name) {
  return name == bhttp::field::host || name == bhttp::field::transfer_encoding;
}

}  // namespace

bool FillRequest(const Parser& parser, http::Request& request) {
  const auto& head = parser.get();
  const std::string_view target = View(head.target());
  request.Method = View(head.method_string());
  request.RequestURI = target;
  if (url::ParseRequestTarget(target, request.Method == "CONNECT", request.URL)) return false;
  request.ProtoMajor = 1;
  request.ProtoMinor = static_cast<int>(head.version() % 10);
  request.Proto = request.ProtoMinor == 0 ? "HTTP/1.0" : "HTTP/1.1";
  for (const auto& field : head) {
    if (!IsNoField(field.name())) {
      request.Header.Add(View(field.name_string()), View(field.value()));
    }
  }
  if (head.count(bhttp::field::host) !=
      (request.ProtoMinor == 0 ? head.count(bhttp::field::host) : 1)) {
    return false;
  }
  request.Host = View(head[bhttp::field::host]);
  request.Chunked = parser.chunked();
  request.ContentLength =
      request.Chunked ? -1 : static_cast<int64_t>(parser.content_length().value_or(0));
  request.Close = !head.keep_alive();
  return true;
}

Error ToError(const bb::error_code& problem) {
  if (problem == bb::error::timeout) return io::ErrDeadlineExceeded;
  if (problem == bhttp::error::body_limit) return http::ErrBodyTooLarge;
  if (problem == bhttp::error::partial_message || problem == bhttp::error::end_of_stream ||
      problem == boost::asio::error::eof) {
    return io::ErrUnexpectedEof;
  }
  return Error::New(problem.message());
}

BodyReader::BodyReader(Stream& stream, bb::flat_buffer& buffer, Parser& parser)
    : stream_(&stream),
      buffer_(&buffer),
      parser_(&parser),
      awaits_continue_(View(parser.get()[bhttp::field::expect]) == "100-continue") {}

io::IoResult BodyReader::Read(std::span<char> into) {
  if (closed_) return {0, http::ErrBodyReadAfterClose};
  if (into.empty()) return {};
  if (awaits_continue_ && !SendContinue()) return {0, io::ErrClosed};
  return ReadSome(into);
}

// One step of Beast's parser may find only framing: chunk heads, not data.
io::IoResult BodyReader::ReadSome(std::span<char> into) {
  while (!parser_->is_done()) {
    auto& body = parser_->get().body();
    body.data = into.data();
    body.size = into.size();
    bb::error_code problem;
    bhttp::read_some(*stream_, *buffer_, *parser_, problem);
    const size_t n = into.size() - body.size;
    if (problem == bhttp::error::need_buffer) problem = {};
    if (n != 0) return {n, {}};
    if (problem) return {0, ToError(problem)};
  }
  return {0, io::ErrEof};
}

bool BodyReader::SendContinue() {
  awaits_continue_ = false;
  bb::error_code problem;
  boost::asio::write(*stream_, boost::asio::buffer(kContinue.data(), kContinue.size()), problem);
  return !problem;
}

Error BodyReader::Close() {
  closed_ = true;
  return {};
}

bool BodyReader::Drain(size_t bytes_max) {
  // A client that still waits for 100 Continue has sent no body.
  if (awaits_continue_) return parser_->is_done();
  std::array<char, 4096> unread;
  for (size_t all = 0; all <= bytes_max;) {
    const io::IoResult read = ReadSome(unread);
    if (read.err) return read.err.Is(io::ErrEof);
    all += read.n;
  }
  return false;
}

}  // namespace hon::beast
