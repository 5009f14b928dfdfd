#include "hon/sse/writer.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "hon/fiber/fiber.h"
#include "hon/http/reply.h"
#include "hon/http/server_context.h"
#include "sse/stream_fields.h"

namespace hon::sse {
namespace {

// Writers without deadlines, such as a recorder, have none to lift.
Error UnlessUnsupported(Error err) {
  return err.Is(http::ErrNotSupported) ? Error() : std::move(err);
}

// Fields that the stream needs unless the handler has set them. Proxies must neither store, change
// nor hold back events; X-Accel-Buffering is nginx's field for the last.
constexpr std::pair<std::string_view, std::string_view> kDefaultFields[] = {
    {"Cache-Control", "no-cache, no-transform"}, {"X-Accel-Buffering", "no"}};

// The writer below cannot flush: no event would arrive before the end. An answer without events
// would make the client reconnect for ever.
Error AnswerUnsupported(http::ResponseWriter& w, Error why) {
  http::ReplyError(w, "sse: cannot stream: " + why.Message(), http::StatusInternalServerError);
  return why;
}

}  // namespace

void internal::SetStreamFields(http::Header& header) {
  header.Set("Content-Type", "text/event-stream");
  for (const auto& [name, value] : kDefaultFields) {
    if (!header.Has(name)) header.Set(name, value);
  }
}

Writer::Writer(http::ResponseWriter& w, http::Request& r, const WriterOptions& options)
    : out_(&w), request_(&r), options_(options) {
  auto [context, cancel] = appcontext::WithCancel(r.Context());
  life_ = std::make_unique<Life>();
  life_->context = std::move(context);
  life_->forget_shutdown =
      appcontext::AfterFunc(http::ShutdownContext(r.Context()),
                            [end = std::move(cancel)] { end(http::ErrServerClosed); });
}

Result<Writer> Writer::Start(http::ResponseWriter& w, http::Request& r, WriterOptions options) {
  Writer writer(w, r, options);
  // A server that shuts down still sends the head, so that the client sees a stream that has ended.
  if (r.Context().Done()) return Fail(r.Context().Cause());
  http::ResponseController control(w);
  if (Error err = UnlessUnsupported(control.SetRequestDeadline(kNever))) return Fail(err);
  if (Error err = writer.PutOff()) return Fail(err);
  internal::SetStreamFields(w.Header());
  if (Error err = w.Flush()) {
    if (!err.Is(http::ErrNotSupported)) return Fail(std::move(err));
    return Fail(AnswerUnsupported(w, std::move(err)));
  }
  if (r.Method == "HEAD") return Fail(http::ErrBodyNotAllowed);
  return writer;
}

Error Writer::Send(const Event& event) {
  text_.clear();
  HON_RETURN_IF_ERROR(AppendEvent(event, text_));
  return SendRaw(text_);
}

Error Writer::Comment(std::string_view text) {
  text_.clear();
  HON_RETURN_IF_ERROR(AppendComment(text, text_));
  return SendRaw(text_);
}

Error Writer::SendRaw(std::string_view text) {
  if (Context().Done()) return Context().Cause();
  HON_RETURN_IF_ERROR(PutOff());
  if (io::IoResult written = out_->Write(text); written.err) return written.err;
  return out_->Flush();
}

Error Writer::Wait(Duration time) {
  const TimePoint end = DeadlineAfter(Clock::now(), time);
  while (true) {
    const Duration left = end == kNever ? kUnlimited : end - Clock::now();
    HON_RETURN_IF_ERROR(fiber::Sleep(Context(), std::min(left, options_.heartbeat)));
    if (left <= options_.heartbeat) return {};
    HON_RETURN_IF_ERROR(Comment());
  }
}

// Each event has a deadline of its own, since a stream has no end.
Error Writer::PutOff() {
  return UnlessUnsupported(http::ResponseController(*out_).SetWriteDeadline(
      DeadlineAfter(Clock::now(), options_.write_timeout)));
}

}  // namespace hon::sse
