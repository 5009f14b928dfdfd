#pragma once

#include <utility>

#include "hon/http/body.h"
#include "hon/http/request.h"

namespace hon::httputil::internal {

/// The body of one request as the body of another, which gets the trailers, too. Both outlive the
/// reads.
class PassedBody final : public http::BodySource {
 public:
  PassedBody(http::Request& in, http::Request& out) : body_(in.Body), in_(in), out_(out) {}

  io::IoResult Read(std::span<char> into) override {
    if (closed_) return {0, http::ErrBodyReadAfterClose};
    io::IoResult got = body_.Read(into);
    if (got.err.Is(io::ErrEof)) {
      PassTrailers();
    } else if (got.err) {
      failed_ = true;
    }
    return got;
  }
  Error Close() override {
    closed_ = true;
    return {};
  }
  /// Whether a read has failed.
  [[nodiscard]] bool Failed() const { return failed_; }

 private:
  // An announced name without a value is not sent.
  void PassTrailers() {
    http::Header received;
    for (const auto& field : in_.Trailer) {
      if (!field.value.empty()) received.Add(field.name, field.value);
    }
    out_.Trailer = std::move(received);
  }

  http::Body body_;
  http::Request& in_;
  http::Request& out_;
  bool closed_ = false;
  bool failed_ = false;
};

}  // namespace hon::httputil::internal
