#include "http/timed_body.h"

#include <memory>
#include <utility>

namespace hon::http::internal {
namespace {

/// Reads the body of an answer under a time limit.
class TimedBody final : public ConnSource {
 public:
  TimedBody(Body body, appcontext::Context limited, appcontext::CancelFunc cancel)
      : body_(std::move(body)), limited_(std::move(limited)), cancel_(std::move(cancel)) {}
  ~TimedBody() override { cancel_(); }

  io::IoResult Read(std::span<char> into) override {
    io::IoResult got = body_.Read(into);
    if (!got.err) return got;
    if (!got.err.Is(io::ErrEof) && got.err.Is(appcontext::ErrDeadlineExceeded)) {
      got.err = Error::Of(appcontext::ErrDeadlineExceeded,
                          "context deadline exceeded (Client.Timeout or context cancellation "
                          "while reading body)");
    }
    return got;
  }

  Error Close() override { return body_.Close(); }

  std::unique_ptr<io::Conn> TakeConn() override {
    auto* source = dynamic_cast<ConnSource*>(body_.Source());
    return source == nullptr ? nullptr : source->TakeConn();
  }

 private:
  Body body_;
  appcontext::Context limited_;
  appcontext::CancelFunc cancel_;
};

}  // namespace

Error ClientTimeout() {
  return Error::Of(appcontext::ErrDeadlineExceeded,
                   "context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
}

void LimitBody(Response& answer, appcontext::Context limited, appcontext::CancelFunc cancel) {
  if (answer.Body.IsNoBody()) return cancel();
  answer.Body = Body(
      std::make_shared<TimedBody>(std::move(answer.Body), std::move(limited), std::move(cancel)));
}

}  // namespace hon::http::internal
