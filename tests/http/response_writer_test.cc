#include "hon/http/response_writer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "hon/httptest/recorder.h"

namespace hon::http {
namespace {

// Has every ability and records its calls.
class Able final : public ResponseWriter {
 public:
  http::Header& Header() override { return header_; }
  io::IoResult Write(std::string_view data) override {
    calls += "w";
    return {data.size(), {}};
  }
  void WriteHeader(int) override {}
  Error Flush() override {
    calls += "f";
    return {};
  }
  Result<std::unique_ptr<io::Conn>> Hijack() override { return Fail(ErrHijacked); }
  Error SetReadDeadline(TimePoint) override {
    calls += "r";
    return {};
  }
  Error SetWriteDeadline(TimePoint) override {
    calls += "d";
    return {};
  }
  Error EnableFullDuplex() override {
    calls += "e";
    return {};
  }
  int Status() const override { return 218; }
  int64_t BytesWritten() const override { return 42; }

  std::string calls;

 private:
  http::Header header_;
};

// A wrapper as users write it.
class Wrapper final : public ResponseWriter {
 public:
  explicit Wrapper(ResponseWriter& inner) : inner_(inner) {}
  http::Header& Header() override { return inner_.Header(); }
  io::IoResult Write(std::string_view data) override {
    seen.append(data);
    return inner_.Write(data);
  }
  void WriteHeader(int status) override { inner_.WriteHeader(status); }
  ResponseWriter* Unwrap() override { return &inner_; }

  std::string seen;

 private:
  ResponseWriter& inner_;
};

// A wrapper that hides the inner writer.
class Closed final : public ResponseWriter {
 public:
  http::Header& Header() override { return header_; }
  io::IoResult Write(std::string_view data) override { return {data.size(), {}}; }
  void WriteHeader(int) override {}

 private:
  http::Header header_;
};

TEST(ResponseController, ReachesThroughWrappers) {
  Able able;
  Wrapper inner(able);
  Wrapper outer(inner);
  ResponseController controller(outer);
  EXPECT_FALSE(controller.Flush());
  EXPECT_FALSE(controller.SetReadDeadline(kNever));
  EXPECT_FALSE(controller.SetWriteDeadline(kNever));
  EXPECT_FALSE(controller.EnableFullDuplex());
  EXPECT_TRUE(controller.Hijack().error().Is(ErrHijacked));
  EXPECT_EQ(able.calls, "frde");
  EXPECT_EQ(outer.Status(), 218);
  EXPECT_EQ(outer.BytesWritten(), 42);
}

TEST(ResponseController, AnAbilityThatNoWriterHasIsAnError) {
  Closed closed;
  Wrapper outer(closed);
  ResponseController controller(outer);
  EXPECT_TRUE(controller.Flush().Is(ErrNotSupported));
  EXPECT_TRUE(controller.Hijack().error().Is(ErrNotSupported));
  EXPECT_TRUE(controller.SetReadDeadline(kNever).Is(ErrNotSupported));
  EXPECT_TRUE(controller.SetWriteDeadline(kNever).Is(ErrNotSupported));
  EXPECT_TRUE(controller.EnableFullDuplex().Is(ErrNotSupported));
  EXPECT_EQ(outer.Status(), 0);
  EXPECT_EQ(outer.BytesWritten(), 0);
}

TEST(ResponseController, TheErrorNamesTheWriterThatLacksIt) {
  Closed closed;
  Wrapper outer(closed);
  const std::string type = "hon::http::(anonymous namespace)::Closed";
  EXPECT_EQ(outer.Hijack().error().Message(),
            "http: " + type + " has no Hijack: feature not supported");
  EXPECT_EQ(outer.Flush().Message(), "http: " + type + " has no Flush: feature not supported");
  EXPECT_EQ(outer.SetReadDeadline(kNever).Message(),
            "http: " + type + " has no SetReadDeadline: feature not supported");
}

TEST(ResponseWriter, ReadFromGoesThroughTheWrappersWrite) {
  httptest::ResponseRecorder recorder;
  Wrapper wrapper(recorder);
  io::StringReader reader("some text");
  const io::CopyResult copied = wrapper.ReadFrom(reader);
  EXPECT_EQ(copied.n, 9);
  EXPECT_FALSE(copied.err);
  EXPECT_EQ(wrapper.seen, "some text");
  EXPECT_EQ(recorder.Body, "some text");
}

}  // namespace
}  // namespace hon::http
