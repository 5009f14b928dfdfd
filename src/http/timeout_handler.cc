#include "hon/http/timeout_handler.h"

#include <exception>
#include <memory>
#include <string_view>
#include <utility>

#include "hon/appcontext/context.h"
#include "hon/http/spawner.h"
#include "http/lent_body.h"
#include "http/timeout_writer.h"

namespace hon::http {
namespace {

constexpr std::string_view kPage =
    "<html><head><title>Timeout</title></head><body><h1>Timeout</h1></body></html>";

// The buffers that one TimeoutHandler keeps between requests: their number, and the size of each.
constexpr size_t kKeptBuffersMax = 64;
constexpr size_t kKeptBufferBytesMax = 256 * 1024;

using Buffers = std::shared_ptr<bytebufferpool::Pool>;

/// The cause that ends the context of a handler that returns in time.
constexpr Sentinel kInTime{"http: handler has returned"};

/// One call of a handler, shared by the fiber that runs it and the fiber that answers in time; the
/// last of the two frees it.
class Call final : private TimeoutWriter {
 public:
  Call(HandlerPtr handler, Request& r, Spawner& spawner, appcontext::Cancelable limited,
       Buffers buffers, TimeoutOptions options)
      : TimeoutWriter(std::move(buffers), options.body_bytes_max),
        handler_(std::move(handler)),
        limited_(std::move(limited)),
        request_(r.Clone(limited_.context)) {
    if (r.Body.IsNoBody()) return;
    body_ = std::make_shared<LentBody>(r, spawner.Here(), request_);
    request_.Body = Body(body_);
  }

  /// Calls the handler. On the handler's fiber.
  void Run() {
    try {
      handler_->ServeHTTP(*this, request_);
    } catch (...) {
      thrown_ = std::current_exception();
    }
    limited_.cancel(kInTime);
  }

  /// Answers `w` when the handler has returned or its timeout has passed. On the fiber of the
  /// request.
  void AnswerInTime(ResponseWriter& w, Spawner& spawner, std::string_view message) {
    spawner.Wait(limited_.context);
    if (InTime()) {
      if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
      return SendTo(w);
    }
    if (body_ != nullptr) body_->TakeBack(w, spawner);
    AnswerTooLate(w, WhyOver(limited_.context), message);
  }

 private:
  [[nodiscard]] bool InTime() const { return limited_.context.Cause().Is(kInTime); }
  Error Over() override { return limited_.context.Done() ? WhyOver(limited_.context) : Error(); }

  const HandlerPtr handler_;
  const appcontext::Cancelable limited_;
  Request request_;
  std::shared_ptr<LentBody> body_;  // null: the request has no body
  std::exception_ptr thrown_;
};

/// For a handler that runs on the caller's thread without a Spawner: the first call of the writer
/// after the timeout sends the 503.
class SameThreadWriter final : public TimeoutWriter {
 public:
  SameThreadWriter(ResponseWriter& w, const appcontext::Context& context, std::string_view message,
                   Buffers buffers, TimeoutOptions options)
      : TimeoutWriter(std::move(buffers), options.body_bytes_max),
        w_(w),
        context_(context),
        message_(message) {}

  Error Over() override {
    if (over_ || !context_.Done()) return over_;
    over_ = WhyOver(context_);
    AnswerTooLate(w_, over_, message_);
    // The client need not wait for the handler, which may return much later.
    static_cast<void>(w_.Flush());
    return over_;
  }

 private:
  ResponseWriter& w_;
  const appcontext::Context context_;
  const std::string_view message_;
  Error over_;
};

class Timeouter final : public Handler {
 public:
  Timeouter(HandlerPtr handler, Duration timeout, std::string message, TimeoutOptions options)
      : handler_(std::move(handler)),
        timeout_(timeout),
        message_(message.empty() ? std::string(kPage) : std::move(message)),
        options_(options) {}

  Target Resolve(Request& r) override {
    Target target = Handler::Resolve(r);
    target.delegates = true;
    return target;
  }

  void ServeHTTP(ResponseWriter& w, Request& r) override {
    Spawner* spawner = SpawnerOf(r.Context());
    if (spawner == nullptr) return ServeOnThisThread(w, r);
    auto limited = appcontext::WithTimeout(r.Context(), timeout_);
    const auto call = std::make_shared<Call>(handler_, r, *spawner, limited, buffers_, options_);
    spawner->Go(limited.context, [call] { call->Run(); });
    call->AnswerInTime(w, *spawner, message_);
  }

 private:
  // Gives the request a context with a deadline for the duration of the call.
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

  void ServeOnThisThread(ResponseWriter& w, Request& r) {
    const Scope scope(r, timeout_);
    SameThreadWriter writer(w, r.Context(), message_, buffers_, options_);
    handler_->ServeHTTP(writer, r);
    if (!writer.Over()) writer.SendTo(w);
  }

  const HandlerPtr handler_;
  const Duration timeout_;
  const std::string message_;
  const TimeoutOptions options_;
  const Buffers buffers_ =
      std::make_shared<bytebufferpool::Pool>(kKeptBuffersMax, kKeptBufferBytesMax);
};

}  // namespace

HandlerPtr TimeoutHandler(HandlerArg handler, Duration timeout, std::string message,
                          TimeoutOptions options) {
  return std::make_shared<Timeouter>(handler.Take(), timeout, std::move(message), options);
}

}  // namespace hon::http
