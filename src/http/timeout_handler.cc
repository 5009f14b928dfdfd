#include "hon/http/timeout_handler.h"

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "hon/appcontext/context.h"
#include "hon/http/status.h"

namespace hon::http {
namespace {

constexpr std::string_view kPage =
    "<html><head><title>Timeout</title></head><body><h1>Timeout</h1></body></html>";

class TimeoutWriter final : public ResponseWriter {
 public:
  TimeoutWriter(ResponseWriter& w, const appcontext::Context& context, std::string_view message)
      : w_(w), context_(context), message_(message) {}

  http::Header& Header() override { return header_; }

  io::IoResult Write(std::string_view data) override {
    if (Expired()) return {0, err_};
    if (status_ == 0) status_ = StatusOK;
    if (body_.size() + data.size() > kTimeoutBodyBytesMax) return {0, io::ErrTooLong};
    body_.append(data);
    return {data.size(), {}};
  }

  void WriteHeader(int status) override {
    if (status < 100 || status > 999) {
      throw std::invalid_argument("invalid WriteHeader code " + std::to_string(status));
    }
    const bool informational = status < 200 && status != StatusSwitchingProtocols;
    if (!Expired() && status_ == 0 && !informational) status_ = status;
  }

  [[nodiscard]] int Status() const override { return status_; }
  [[nodiscard]] int64_t BytesWritten() const override { return static_cast<int64_t>(body_.size()); }

  /// The handler has returned.
  void Finish() {
    if (Expired()) return;
    for (const http::Header::Field& field : header_) {
      if (!w_.Header().Has(field.name)) continue;
      w_.Header().Del(field.name);
    }
    for (const http::Header::Field& field : header_) w_.Header().AddExact(field.name, field.value);
    CopySuppressed();
    w_.WriteHeader(status_ == 0 ? StatusOK : status_);
    if (!body_.empty()) w_.Write(body_);
  }

 private:
  // Whether the time is over; the first to see it answers for the handler.
  bool Expired() {
    if (err_ || !context_.Done()) return static_cast<bool>(err_);
    const Error ended = context_.Err();
    const bool too_late = ended.Is(appcontext::ErrDeadlineExceeded);
    err_ = too_late ? Error(ErrHandlerTimeout) : ended;
    // The answer is whole now, though the handler may return much later.
    w_.Header().Set(HeaderId::kContentLength, std::to_string(too_late ? message_.size() : 0));
    w_.WriteHeader(StatusServiceUnavailable);
    if (too_late) w_.Write(message_);
    static_cast<void>(w_.Flush());  // a writer that cannot flush sends it later
    return true;
  }

  void CopySuppressed() {
    for (const HeaderId id : {HeaderId::kDate, HeaderId::kContentType}) {
      if (header_.Suppressed(id)) w_.Header().Suppress(HeaderName(id));
    }
  }

  ResponseWriter& w_;
  const appcontext::Context context_;
  const std::string_view message_;
  http::Header header_;
  std::string body_;
  int status_ = 0;
  Error err_;  // once the time is over
};

class Timeouter final : public Handler {
 public:
  Timeouter(HandlerPtr handler, Duration timeout, std::string message)
      : handler_(std::move(handler)), timeout_(timeout), message_(std::move(message)) {}

  void ServeHTTP(ResponseWriter& w, Request& r) override {
    const Scope scope(r, timeout_);
    TimeoutWriter writer(w, r.Context(), message_.empty() ? kPage : std::string_view(message_));
    handler_->ServeHTTP(writer, r);
    writer.Finish();
  }

 private:
  // Gives the request a context with a deadline, for the time of the call.
  struct Scope {
    Scope(Request& request, Duration timeout)
        : r(request), original(r.Context()), limited(appcontext::WithTimeout(original, timeout)) {
      r.SetContext(limited.context);
    }
    ~Scope() {
      r.SetContext(original);
      limited.cancel();
    }

    Request& r;
    const appcontext::Context original;
    const appcontext::Cancelable limited;
  };

  const HandlerPtr handler_;
  const Duration timeout_;
  const std::string message_;
};

}  // namespace

HandlerPtr TimeoutHandler(HandlerArg handler, Duration timeout, std::string message) {
  return std::make_shared<Timeouter>(handler.Take(), timeout, std::move(message));
}

}  // namespace hon::http
