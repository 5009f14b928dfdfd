#include "hon/http/timeout_handler.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

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

TEST(TimeoutHandler, HasNoOtherAbilities) {
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

TEST(TimeoutHandler, KeepsSoMuchAndNoMore) {
  const HandlerPtr handler = TimeoutHandler(
      [](ResponseWriter& w, Request&) {
        const std::string half(kTimeoutBodyBytesMax / 2, 'x');
        EXPECT_FALSE(w.Write(half).err);
        EXPECT_FALSE(w.Write(half).err);
        EXPECT_TRUE(w.Write("x").err.Is(io::ErrTooLong));
      },
      hours(1));
  Request r = NewRequest("GET", "/");
  ResponseRecorder w;
  handler->ServeHTTP(w, r);
  EXPECT_EQ(w.Body.size(), kTimeoutBodyBytesMax);
}

}  // namespace
}  // namespace hon::http
