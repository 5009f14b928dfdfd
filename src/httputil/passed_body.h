#pragma once

#include <utility>

#include "hon/http/body.h"
#include "hon/http/request.h"

namespace hon::httputil::internal {

/// The body of one request as the body of another, which gets the trailers, too. Both outlive the
/// reads.
class PassedBody final : public http::BodySource, public io::BlockReader {
 public:
  PassedBody(http::Request& in, http::Request& out) : body_(in.Body), in_(in), out_(out) {}

  io::IoResult Read(std::span<char> into) override {
    if (closed_) return {0, http::ErrBodyReadAfterClose};
    started_ = true;
    return Noted(body_.Read(into));
  }
  io::IoResult ReadBlocks(io::LinkBuffer& into, size_t bytes_max) override {
    if (closed_) return {0, http::ErrBodyReadAfterClose};
    started_ = true;
    return Noted(blocks_->ReadBlocks(into, bytes_max));
  }
  io::BlockReader* AsBlocks(const io::BlockPool& pool) override {
    blocks_ = body_.AsBlocks(pool);
    return blocks_ == nullptr ? nullptr : this;
  }
  Error Close() override {
    closed_ = true;
    return {};
  }
  /// Whether the body was read, if only in part.
  [[nodiscard]] bool Started() const { return started_; }
  /// Whether a read has failed, other than by being given up.
  [[nodiscard]] bool Failed() const { return static_cast<bool>(failure_); }
  [[nodiscard]] const Error& Failure() const { return failure_; }

 private:
  io::IoResult Noted(io::IoResult got) {
    if (got.err.Is(io::ErrEof)) {
      PassTrailers();
    } else if (got.err && !got.err.Is(http::ErrBodyReadAfterClose)) {
      failure_ = got.err;
    }
    return got;
  }
  // An announced name without a value is not sent.
  void PassTrailers() {
    http::Header received;
    for (const auto& field : in_.Trailer) {
      if (!field.value.empty()) received.Add(field.name, field.value);
    }
    out_.Trailer = std::move(received);
  }

  http::Body body_;
  io::BlockReader* blocks_ = nullptr;  // of the body, once AsBlocks has found it
  http::Request& in_;
  http::Request& out_;
  bool started_ = false;
  bool closed_ = false;
  Error failure_;
};

}  // namespace hon::httputil::internal
