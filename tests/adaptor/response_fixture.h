#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hon/adaptor/response.h"
#include "support/memory_stream.h"

namespace hon::adaptor::test {

/// The owner of a connection as a Response sees it; records its calls.
class FakeControl final : public ConnControl {
 public:
  Result<std::unique_ptr<io::Conn>> Hijack(std::string_view first) override {
    ++hijacks;
    if (hijack_error) return Fail(hijack_error);
    sent_first = first;
    return std::move(conn);
  }
  Error Lend(io::ConnSink& sink, bool lent_for_more) override {
    ++loans;
    if (hijack_error) return hijack_error;
    keeps_alive = lent_for_more;
    return conn->BecomeEvented(sink);
  }
  Error SetRequestDeadline(TimePoint deadline) override {
    request_deadline = deadline;
    return {};
  }
  [[nodiscard]] bool KeepAlive() const override { return keep_alive; }
  void LogHandlerError(std::string_view message) override { log.emplace_back(message); }

  int hijacks = 0;
  int loans = 0;
  bool keeps_alive = false;  // the next request may follow the answer that was lent
  Error hijack_error;
  std::string sent_first;          // behind the output so far, by Hijack
  std::unique_ptr<io::Conn> conn;  // the result of Hijack
  TimePoint request_deadline{};
  bool keep_alive = true;
  std::vector<std::string> log;
};

class ResponseTest : public testing::Test {
 protected:
  ResponseTest() { Begin({}); }

  /// Begins an answer; Date is "D".
  void Begin(ResponseOptions options) {
    options.date = "D";
    response_.Reset(stream_, control_, options);
  }
  /// Ends the answer and returns all sent bytes.
  std::string Finish() {
    response_.Finish();
    return stream_.TakeOutput();
  }
  /// The answer of this handler to a request with these options.
  template <class Handler>
  std::string Answer(const ResponseOptions& options, Handler&& handler) {
    Begin(options);
    handler(response_);
    return Finish();
  }
  /// The answer to a plain GET of HTTP/1.1.
  template <class Handler>
  std::string Answer(Handler&& handler) {
    return Answer(ResponseOptions(), std::forward<Handler>(handler));
  }

  hon::test::MemoryStream stream_;
  FakeControl control_;
  Response response_;
};

inline constexpr ResponseOptions kGet{};
inline constexpr ResponseOptions kHead{.head = true};
inline constexpr ResponseOptions kConnect{.connect = true};
inline constexpr ResponseOptions kClose{.close = true};
inline constexpr ResponseOptions kHttp10{.http10 = true, .close = true};
inline constexpr ResponseOptions kHttp10KeepAlive{.http10 = true};

}  // namespace hon::adaptor::test
