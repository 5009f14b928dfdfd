#include "bench/beast/session.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <cstdio>
#include <exception>

#include "bench/beast/request.h"
#include "bench/beast/response.h"
#include "hon/http/status.h"

namespace hon::beast {
namespace {

constexpr size_t kHeadBytesMax = 64 * 1024;
constexpr uint64_t kBodyBytesMax = uint64_t{4} << 30;
constexpr size_t kDrainBytesMax = 256 * 1024;

// Waits for the first byte of a request for the idle timeout, then for its head.
bool ReadHead(Stream& stream, bb::flat_buffer& buffer, Parser& parser, const Timeouts& timeouts,
              bb::error_code& problem) {
  if (buffer.size() == 0) {
    stream.SetReadDeadline(DeadlineAfter(Clock::now(), timeouts.keep_alive));
    buffer.commit(stream.read_some(buffer.prepare(4096), problem));
    if (problem) return false;
  }
  stream.SetReadDeadline(DeadlineAfter(Clock::now(), timeouts.read));
  bhttp::read_header(stream, buffer, parser, problem);
  return !problem;
}

void Refuse(Stream& stream, int status) {
  Response response(stream, {.close = true});
  response.Header().Set("Content-Type", "text/plain; charset=utf-8");
  response.WriteHeader(status);
  response.Write(http::StatusText(status));
  response.Finish();
}

// The status for a head that Beast refused; 0 when no answer can be sent.
int StatusFor(const bb::error_code& problem) {
  if (problem == bhttp::error::header_limit) return http::StatusRequestHeaderFieldsTooLarge;
  if (problem == bhttp::error::end_of_stream || problem == bhttp::error::partial_message) return 0;
  const bool is_ours = problem.category() == make_error_code(bhttp::error::bad_target).category();
  return is_ours ? http::StatusBadRequest : 0;
}

// Returns false when the handler threw: the answer is then incomplete.
bool Call(http::Handler& handler, Response& response, http::Request& request) {
  try {
    handler.ServeHTTP(response, request);
    return true;
  } catch (const http::AbortHandler&) {
    return false;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hon_beast: a handler threw: %s\n", error.what());
  } catch (...) {
    std::fprintf(stderr, "hon_beast: a handler threw\n");
  }
  return false;
}

// Serves one request; returns whether another may follow.
bool ServeOne(Stream& stream, bb::flat_buffer& buffer, const std::string& peer,
              http::Handler& handler, const Timeouts& timeouts) {
  Parser parser;
  parser.header_limit(kHeadBytesMax);
  parser.body_limit(kBodyBytesMax);
  bb::error_code problem;
  if (!ReadHead(stream, buffer, parser, timeouts, problem)) {
    if (const int status = StatusFor(problem)) Refuse(stream, status);
    return false;
  }
  http::Request request;
  if (!FillRequest(parser, request)) {
    Refuse(stream, http::StatusBadRequest);
    return false;
  }
  BodyReader body(stream, buffer, parser);
  if (!parser.is_done()) request.Body = http::Body(&body);
  request.RemoteAddr = peer;
  const auto [context, cancel] = appcontext::WithCancel(appcontext::Background());
  request.SetContext(context);
  stream.ResetWriteDeadline(timeouts.write);
  Response response(stream, {.head = request.Method == "HEAD",
                             .http10 = request.ProtoMinor == 0,
                             .close = request.Close,
                             .received = &buffer});
  const bool returned = Call(handler, response, request);
  cancel();
  if (response.Hijacked()) return false;
  if (!returned) {
    if (!response.HeadSent()) Refuse(stream, http::StatusInternalServerError);
    return false;
  }
  response.Finish();
  return !response.MustClose() && body.Drain(kDrainBytesMax);
}

}  // namespace

void ServeConn(Stream stream, const std::string& peer, http::Handler& handler,
               const Timeouts& timeouts) {
  bb::flat_buffer buffer(kHeadBytesMax + 4096);
  while (ServeOne(stream, buffer, peer, handler, timeouts)) {
  }
  if (stream.Socket().is_open()) stream.CloseGently();  // else the handler owns the connection
}

}  // namespace hon::beast
