#include "http/timeout_writer.h"

#include <stdexcept>

#include "hon/http/reply.h"
#include "hon/http/status.h"
#include "hon/http/timeout_handler.h"

namespace hon::http {

io::IoResult TimeoutWriter::Write(std::string_view data) {
  if (Error over = Over()) return {0, std::move(over)};
  if (status_ == 0) status_ = StatusOK;
  if (!too_long_ && data.size() > body_bytes_max_ - Kept()) {
    const bytebufferpool::Pool::Handle dropped = std::move(body_);
    too_long_ =
        Error::Of(io::ErrTooLong, "http: TimeoutHandler keeps at most " +
                                      std::to_string(body_bytes_max_) + " bytes of an answer");
  }
  if (too_long_) return {0, too_long_};
  return body_->Write(data);
}

void TimeoutWriter::WriteHeader(int status) {
  if (status < 100 || status > 999) {
    throw std::invalid_argument("invalid WriteHeader code " + std::to_string(status));
  }
  const bool informational = status < 200 && status != StatusSwitchingProtocols;
  if (!Over() && status_ == 0 && !informational) status_ = status;
}

void TimeoutWriter::SendTo(ResponseWriter& w) {
  if (too_long_) return ReplyError(w, too_long_.Message(), StatusInternalServerError);
  for (const http::Header::Field& field : header_) {
    if (w.Header().Has(field.name)) w.Header().Del(field.name);
  }
  for (const http::Header::Field& field : header_) w.Header().AddExact(field.name, field.value);
  for (const HeaderId id : {HeaderId::kDate, HeaderId::kContentType}) {
    if (header_.Suppressed(id)) w.Header().Suppress(HeaderName(id));
  }
  w.WriteHeader(status_ == 0 ? StatusOK : status_);
  if (Kept() != 0) w.Write(body_->Bytes());
}

Error WhyOver(const appcontext::Context& context) {
  Error why = context.Err();
  return why.Is(appcontext::ErrDeadlineExceeded) ? Error(ErrHandlerTimeout) : why;
}

void AnswerTooLate(ResponseWriter& w, const Error& why, std::string_view message) {
  if (!why.Is(ErrHandlerTimeout)) message = "";
  w.Header().Set(HeaderId::kContentLength, std::to_string(message.size()));
  w.WriteHeader(StatusServiceUnavailable);
  if (!message.empty()) w.Write(message);
}

}  // namespace hon::http
