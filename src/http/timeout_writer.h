#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "hon/appcontext/context.h"
#include "hon/bytebufferpool/pool.h"
#include "hon/http/response_writer.h"

namespace hon::http {

/// Keeps an answer in memory, in a buffer of `pool`, until its handler has returned or the timeout
/// has passed.
class TimeoutWriter : public ResponseWriter {
 public:
  TimeoutWriter(std::shared_ptr<bytebufferpool::Pool> pool, size_t body_bytes_max)
      : body_bytes_max_(body_bytes_max), pool_(std::move(pool)), body_(pool_->Get()) {}
  http::Header& Header() override { return header_; }
  io::IoResult Write(std::string_view data) override;
  void WriteHeader(int status) override;
  [[nodiscard]] int Status() const override { return status_; }
  [[nodiscard]] int64_t BytesWritten() const override { return static_cast<int64_t>(Kept()); }

  [[nodiscard]] std::string Name() const override { return "the writer of http::TimeoutHandler"; }

  /// Sends the answer to `w`, whose own fields stay unless the answer has them too; 500 when a
  /// Write has failed with io::ErrTooLong.
  void SendTo(ResponseWriter& w);

 protected:
  /// The error of writes after the timeout; none before.
  virtual Error Over() = 0;

 private:
  [[nodiscard]] size_t Kept() const { return body_ ? body_->Len() : 0; }

  const size_t body_bytes_max_;
  http::Header header_;
  std::shared_ptr<bytebufferpool::Pool> pool_;  // shared: the handler may outlive the
                                                // TimeoutHandler
  bytebufferpool::Pool::Handle body_;           // empty once the body was too long
  Error too_long_;                              // from the first Write past body_bytes_max_ on
  int status_ = 0;
};

/// The error of writes after the end of `context`: ErrHandlerTimeout if the deadline ended it.
[[nodiscard]] Error WhyOver(const appcontext::Context& context);
/// Answers for a handler whose writes fail with `why`: 503, with `message` if that is
/// ErrHandlerTimeout.
void AnswerTooLate(ResponseWriter& w, const Error& why, std::string_view message);

}  // namespace hon::http
