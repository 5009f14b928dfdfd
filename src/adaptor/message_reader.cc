#include "hon/adaptor/message_reader.h"

#include <limits>
#include <string>
#include <utility>

#include "adaptor/ascii.h"
#include "hon/adaptor/body_reader.h"
#include "hon/adaptor/chunked.h"
#include "hon/adaptor/request_reader.h"
#include "hon/io/stream.h"

namespace hon::adaptor {

// A Reader as the Stream of the codec. Output of the codec ("100 Continue") is dropped.
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

struct MessageReader::State {
  State(io::Reader& from, ParseLimits limits) : source(from), parser(limits) {}

  Source source;
  HeadParser parser;
  RequestHead head;
  io::BlockRef held;  // the block of the message's head
  http::Request request;
  http::Response response;
  BodyReader body;
  Error failed;

  // Reads more of a head.
  Error FillHead() {
    Error err = source.FillInput();
    return err.Is(io::ErrEof) && !source.In().Empty() ? Error(io::ErrUnexpectedEof) : err;
  }
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
    HON_RETURN_IF_ERROR(state.FillHead());
  }
}

// Skips the unread rest of the last body.
Error MessageReader::SkipBody() {
  BodyReader& body = state_->body;
  if (body.EndsWithConnection()) return io::ErrEof;  // no message can follow
  body.SendContinue();                               // marks the 100 as sent: the body is already
                                                     // there
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

}  // namespace

void TakeTrailerNames(http::Response& response) {
  for (const std::string_view names : response.Header.Values("Trailer")) {
    internal::ForEachElement(names, [&response](std::string_view name) {
      if (IsTrailerAllowed(name)) response.Trailer.Set(name, "");
    });
  }
  response.Header.Del(http::HeaderId::kTrailer);
}

Error MessageReader::ReadAnswerHead(std::string_view method, AnswerHead& head) {
  State& state = *state_;
  HeadScan scan;
  for (;;) {
    switch (state.parser.ReadAnswer(state.source.In(), scan, method, head, state.response.Header)) {
      case HeadStatus::kDone:
        return {};
      case HeadStatus::kBad:
        return Malformed(std::string(head.fault));
      case HeadStatus::kIncomplete:
        break;
    }
    HON_RETURN_IF_ERROR(state.FillHead());
  }
}

Result<http::Response*> MessageReader::ReadResponse(std::string_view method) {
  State& state = *state_;
  if (!state.failed) state.failed = SkipBody();
  if (state.failed) return Fail(state.failed);
  http::Response& response = state.response = http::Response();
  state.held.Reset();
  AnswerHead head;
  if (state.failed = ReadAnswerHead(method, head); state.failed) return Fail(state.failed);
  state.held = state.source.In().Hold();
  response.Proto = head.version;
  response.ProtoMajor = 1;
  response.ProtoMinor = head.minor_version;
  response.Status = head.status_text;
  response.StatusCode = head.status;
  response.ContentLength = head.content_length;
  response.Chunked = head.chunked;
  response.Close = head.close;
  if (head.chunked) TakeTrailerNames(response);
  if (Error err = state.source.In().Skip(head.size)) return Fail(state.failed = err);
  state.body.Begin(state.source, head, response.Trailer);
  if (!state.body.AtEnd()) response.Body = http::Body(&state.body);
  return &response;
}

}  // namespace hon::adaptor
