#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "hon/appcontext/context.h"
#include "hon/http/response_writer.h"

namespace hon::http {

/// Keeps an answer in memory until its handler has returned or its time is over.
class TimeoutWriter : public ResponseWriter {
 public:
  explicit TimeoutWriter(size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}
  http::Header& Header() override { return header_; }
  io::IoResult Write(std::string_view data) override;
  void WriteHeader(int status) override;
  [[nodiscard]] int Status() const override { return status_; }
  [[nodiscard]] int64_t BytesWritten() const override { return static_cast<int64_t>(body_.size()); }

  [[nodiscard]] std::string Name() const override { return "the writer of http::TimeoutHandler"; }

  /// Gives the answer to `w`, whose own fields stay unless the answer has them too; 500 when a
  /// Write has failed with io::ErrTooLong.
  void SendTo(ResponseWriter& w);

 protected:
  /// The error of writes after the timeout; none before.
  virtual Error Over() = 0;

 private:
  const size_t body_bytes_max_;
  http::Header header_;
  std::string body_;
  Error too_long_;  // from the first Write past body_bytes_max_ on
  int status_ = 0;
};

/// The error of writes after the end of `context`: ErrHandlerTimeout if the deadline ended it.
[[nodiscard]] Error WhyOver(const appcontext::Context& context);
/// Answers for a handler whose writes fail with `why`: 503, with `message` if that is
/// ErrHandlerTimeout.
void AnswerTooLate(ResponseWriter& w, const Error& why, std::string_view message);

}  // namespace hon::http
