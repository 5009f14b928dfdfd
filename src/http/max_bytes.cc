#include <algorithm>
#include <memory>
#include <utility>

#include "hon/http/middleware.h"

namespace hon::http {
namespace {

class LimitedSource final : public BodySource {
 public:
  LimitedSource(ResponseWriter& w, Body body, int64_t bytes_max)
      : w_(w), body_(std::move(body)), left_(std::max<int64_t>(bytes_max, 0)) {}

  io::IoResult Read(std::span<char> into) override {
    if (err_) return {0, err_};
    if (into.empty()) return {};
    // One byte more than allowed shows whether the body goes on.
    const auto wanted = static_cast<uint64_t>(left_) + 1;
    if (into.size() > wanted) into = into.first(static_cast<size_t>(wanted));
    io::IoResult got = body_.Read(into);
    if (static_cast<int64_t>(got.n) <= left_) {
      left_ -= static_cast<int64_t>(got.n);
      err_ = got.err;
      return got;
    }
    w_.Header().Set(HeaderId::kConnection, "close");
    err_ = ErrBodyTooLarge;
    return {static_cast<size_t>(std::exchange(left_, 0)), err_};
  }

  Error Close() override { return body_.Close(); }

 private:
  ResponseWriter& w_;
  Body body_;
  int64_t left_;
  Error err_;  // sticky
};

class BodyLimiter final : public Handler {
 public:
  BodyLimiter(HandlerPtr handler, int64_t bytes_max)
      : handler_(std::move(handler)), bytes_max_(bytes_max) {}

  void ServeHTTP(ResponseWriter& w, Request& r) override {
    Limit limit(w, r, bytes_max_);
    handler_->ServeHTTP(w, r);
  }

 private:
  // Lives on the stack for the time of the call: the body must not be used afterwards.
  struct Limit {
    Limit(ResponseWriter& w, Request& request, int64_t bytes_max)
        : r(request), original(r.Body), source(w, original, bytes_max) {
      if (!original.IsNoBody()) r.Body = Body(&source);
    }
    ~Limit() { r.Body = original; }

    Request& r;
    const Body original;
    LimitedSource source;
  };

  const HandlerPtr handler_;
  const int64_t bytes_max_;
};

}  // namespace

Body MaxBytesReader(ResponseWriter& w, Body body, int64_t bytes_max) {
  if (body.IsNoBody()) return body;
  return Body(std::make_shared<LimitedSource>(w, std::move(body), bytes_max));
}

HandlerPtr MaxBytesHandler(HandlerArg handler, int64_t bytes_max) {
  return std::make_shared<BodyLimiter>(handler.Take(), bytes_max);
}

}  // namespace hon::http
