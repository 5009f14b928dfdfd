#include "hon/http/timeout_handler.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "hon/httptest/recorder.h"
#include "hon/httptest/request.h"

namespace hon::http {
namespace {

using httptest::NewRequest;
using httptest::ResponseRecorder;
using std::chrono::hours;
using std::chrono::milliseconds;

// Waits, as a handler on a plain thread would, until its context has ended.
void WaitForEnd(const Request& r) {
  while (!r.Context().Done()) std::this_thread::sleep_for(milliseconds(1));
}

TEST(TimeoutHandler, InTimeNothingIsLost) {
  const HandlerPtr handler = TimeoutHandler(
      [](ResponseWriter& w, Request& r) {
        EXPECT_NE(r.Context().Deadline(), kNever);
        w.Header().Set("X-Own", "1");
        w.Header().Add("Set-Cookie", "a=1");
        w.Header().Add("Set-Cookie", "b=2");
        w.Header().Suppress("Date");
        w.WriteHeader(201);
        w.WriteHeader(202);
        EXPECT_EQ(w.Write("hello, ").n, 7U);
        EXPECT_EQ(w.Write("world").n, 5U);
        EXPECT_EQ(w.Status(), 201);
        EXPECT_EQ(w.BytesWritten(), 12);
      },
      hours(1));
  Request r = NewRequest("GET", "/");
  ResponseRecorder w;
  w.Header().Set("X-Own", "outer");
  w.Header().Set("X-Outer", "kept");
  handler->ServeHTTP(w, r);
  EXPECT_EQ(w.Code, 201);
  EXPECT_EQ(w.Body, "hello, world");
  EXPECT_EQ(w.HeaderMap.Values("X-Own").size(), 1U);
  EXPECT_EQ(w.HeaderMap.Get("X-Own"), "1");
  EXPECT_EQ(w.HeaderMap.Get("X-Outer"), "kept");
  EXPECT_EQ(w.HeaderMap.Values("Set-Cookie").size(), 2U);
  EXPECT_TRUE(w.HeaderMap.Suppressed(HeaderId::kDate));
  EXPECT_EQ(r.Context().Deadline(), kNever);
}

TEST(TimeoutHandler, AnEmptyAnswerIs200) {
  const HandlerPtr handler = TimeoutHandler([](ResponseWriter&, Request&) {}, hours(1));
  Request r = NewRequest("GET", "/");
  ResponseRecorder w;
  handler->ServeHTTP(w, r);
  EXPECT_EQ(w.Status(), 200);
  EXPECT_EQ(w.Body, "");
}

TEST(TimeoutHandler, TooLateIs503) {
  for (const std::string message : {"", "too late"}) {
    const HandlerPtr handler = TimeoutHandler(
        [](ResponseWriter& w, Request& r) {
          w.Header().Set("X-Own", "1");
          EXPECT_FALSE(w.Write("early").err);
          WaitForEnd(r);
          const io::IoResult late = w.Write("late");
          EXPECT_EQ(late.n, 0U);
          EXPECT_TRUE(late.err.Is(ErrHandlerTimeout));
          w.WriteHeader(200);
          EXPECT_TRUE(w.Write("later").err.Is(ErrHandlerTimeout));
        },
        milliseconds(5), message);
    Request r = NewRequest("GET", "/");
    ResponseRecorder w;
    handler->ServeHTTP(w, r);
    EXPECT_EQ(w.Code, 503);
    EXPECT_EQ(w.Body, message.empty() ? "<html><head><title>Timeout</title></head><body>"
                                        "<h1>Timeout</h1></body></html>"
                                      : message);
    EXPECT_FALSE(w.HeaderMap.Has("X-Own"));
    EXPECT_FALSE(r.Context().Done());
  }
}

TEST(TimeoutHandler, TooLateWithoutAWrite) {
  const HandlerPtr handler =
      TimeoutHandler([](ResponseWriter&, Request& r) { WaitForEnd(r); }, milliseconds(5), "x");
  Request r = NewRequest("GET", "/");
  ResponseRecorder w;
  handler->ServeHTTP(w, r);
  EXPECT_EQ(w.Code, 503);
  EXPECT_EQ(w.Body, "x");
}

TEST(TimeoutHandler, ACanceledRequestGetsNoBody) {
  const appcontext::Cancelable parent = appcontext::WithCancel(appcontext::Background());
  const HandlerPtr handler = TimeoutHandler(
      [&parent](ResponseWriter& w, Request& r) {
        parent.cancel();
        EXPECT_TRUE(r.Context().Done());
        EXPECT_TRUE(w.Write("x").err.Is(appcontext::ErrCanceled));
      },
      hours(1), "message");
  Request r = NewRequest("GET", "/");
  r.SetContext(parent.context);
  ResponseRecorder w;
  handler->ServeHTTP(w, r);
  EXPECT_EQ(w.Code, 503);
  EXPECT_EQ(w.Body, "");
}

TEST(TimeoutHandler, ExceptionsPassAndTheContextIsPutBack) {
  const HandlerPtr handler = TimeoutHandler(
      [](ResponseWriter& w, Request&) {
        w.Write("lost");
        throw std::runtime_error("x");
      },
      hours(1));
  Request r = NewRequest("GET", "/");
  ResponseRecorder w;
  EXPECT_THROW(handler->ServeHTTP(w, r), std::runtime_error);
  EXPECT_EQ(w.Status(), 0);
  EXPECT_EQ(r.Context().Deadline(), kNever);
}

TEST(TimeoutHandler, BadStatusThrowsAndInformationalIsDropped) {
  const HandlerPtr handler = TimeoutHandler(
      [](ResponseWriter& w, Request&) {
        EXPECT_THROW(w.WriteHeader(99), std::invalid_argument);
        EXPECT_THROW(w.WriteHeader(1000), std::invalid_argument);
        w.WriteHeader(103);
        w.WriteHeader(204);
      },
      hours(1));
  Request r = NewRequest("GET", "/");
  ResponseRecorder w;
  handler->ServeHTTP(w, r);
  EXPECT_EQ(w.Code, 204);
}

TEST(TimeoutHandler, HasNoFlushHijackOrWriteDeadline) {
  const HandlerPtr handler = TimeoutHandler(
      [](ResponseWriter& w, Request&) {
        EXPECT_TRUE(w.Flush().Is(ErrNotSupported));
        EXPECT_TRUE(w.Hijack().error().Is(ErrNotSupported));
        EXPECT_EQ(w.Hijack().error().Message(),
                  "http: the writer of http::TimeoutHandler has no Hijack: feature not supported");
        EXPECT_TRUE(w.SetWriteDeadline(kNever).Is(ErrNotSupported));
        EXPECT_EQ(w.Unwrap(), nullptr);
      },
      hours(1));
  Request r = NewRequest("GET", "/");
  ResponseRecorder w;
  handler->ServeHTTP(w, r);
}

// Answers with Writes of the given sizes; their errors go to `errors`.
ResponseRecorder WriteSizes(const std::vector<size_t>& sizes, std::vector<Error>& errors,
                            TimeoutOptions options = {}) {
  const HandlerPtr handler = TimeoutHandler(
      [&](ResponseWriter& w, Request&) {
        w.Header().Set("X-Own", "1");
        for (const size_t size : sizes) errors.push_back(w.Write(std::string(size, 'x')).err);
      },
      hours(1), "", options);
  Request r = NewRequest("GET", "/");
  ResponseRecorder w;
  w.Header().Set("X-Outer", "kept");
  handler->ServeHTTP(w, r);
  return w;
}

TEST(TimeoutHandler, AnAnswerAtTheLimitIsSentWhole) {
  std::vector<Error> errors;
  const size_t half = kTimeoutBodyBytesMax / 2;
  const ResponseRecorder w = WriteSizes({half, half}, errors);
  for (const Error& err : errors) EXPECT_FALSE(err);
  EXPECT_EQ(w.Code, 200);
  EXPECT_EQ(w.Body.size(), kTimeoutBodyBytesMax);
}

// No part of an answer is sent as the whole, whichever Write was too long.
TEST(TimeoutHandler, AnAnswerPastTheLimitIs500) {
  const std::string text = "http: TimeoutHandler keeps at most 10 bytes of an answer";
  for (const std::vector<size_t>& sizes :
       std::vector<std::vector<size_t>>{{11}, {10, 1}, {5, 6, 5}, {1, 10, 9, 0}}) {
    std::vector<Error> errors;
    const ResponseRecorder w = WriteSizes(sizes, errors, {.body_bytes_max = 10});
    EXPECT_EQ(w.Code, 500);
    EXPECT_EQ(w.Body, text + "\n");
    EXPECT_FALSE(w.HeaderMap.Has("X-Own"));
    EXPECT_EQ(w.HeaderMap.Get("X-Outer"), "kept");
    // A shorter Write after a failed one would leave a hole.
    bool failed = false;
    for (const Error& err : errors) {
      failed = failed || static_cast<bool>(err);
      EXPECT_EQ(err.Is(io::ErrTooLong), failed);
    }
    EXPECT_TRUE(failed);
    EXPECT_EQ(errors.back().Message(), text);
  }
  std::vector<Error> errors;
  EXPECT_EQ(WriteSizes({kTimeoutBodyBytesMax, 1}, errors).Code, 500);
  errors.clear();
  const size_t more = kTimeoutBodyBytesMax + 1;
  EXPECT_EQ(WriteSizes({more}, errors, {.body_bytes_max = more}).Body.size(), more);
}

}  // namespace
}  // namespace hon::http
