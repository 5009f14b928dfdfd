// ServeContent against Go's results, and where it must differ from Go.

#include "http/content.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "hon/http/file_server.h"
#include "hon/httptest/recorder.h"
#include "hon/httptest/request.h"
#include "http/conditional_cases.h"
#include "http/content_cases.h"
#include "http/range_cases.h"
#include "http/show_fields.h"

namespace hon::http {
namespace {

using httptest::NewRequest;
using httptest::ResponseRecorder;

template <size_t n>
void Check(const ContentCase (&cases)[n]) {
  for (const ContentCase& c : cases) {
    Request r = NewRequest(c.method, "/");
    for (const auto& [name, value] : ReadFields(c.request)) r.Header.Add(name, value);
    ResponseRecorder w;
    for (const auto& [name, value] : ReadFields(c.preset)) {
      if (value == "nil") {
        w.Header().Suppress(name);
      } else {
        w.Header().Add(name, value);
      }
    }
    io::StringReader content(c.content);
    ServeContent(w, r, c.name, c.modtime, content);
    const httptest::Response response = w.Result();
    const std::string what = std::string(c.method) + ' ' + std::string(c.name) + " with " +
                             std::string(c.request) + " after " + std::string(c.preset);
    EXPECT_EQ(response.StatusCode, c.status) << what;
    EXPECT_EQ(ShowFields(response.Header), c.fields) << what;
    const std::string_view body = c.body == kWhole ? c.content : c.body;
    EXPECT_EQ(Shorten(response.Body), body) << what;
    if (c.method != "HEAD" && response.ContentLength >= 0) {
      EXPECT_EQ(static_cast<size_t>(response.ContentLength), response.Body.size()) << what;
    }
  }
}

TEST(ServeContent, AnswersPlainRequestsAsGoDoes) { Check(kContentCases); }
TEST(ServeContent, AnswersConditionalRequestsAsGoDoes) { Check(kConditionalCases); }
TEST(ServeContent, AnswersRangesAsGoDoes) { Check(kRangeCases); }

// Go answers "bytes 10-9/10" and "bytes 0--1/0" to these.
TEST(ServeContent, NoBytesAtTheEndAreUnsatisfiable) {
  constexpr ContentCase kCases[] = {
      {"", "Range: bytes=-0", 416, "CR */10|NS|TP", "invalid range: failed to overlap\n"},
      {"", "Range: bytes=-0,-0", 416, "CR */10|NS|TP", "invalid range: failed to overlap\n"},
      {"", "Range: bytes=-0,0-0", 206, "AR|CL 1|CR 0-0/10|LM|TP", "0"},
      {"", "Range: bytes=-0", 200, "AR|CL 0|LM|TP", "", "GET", "a.txt", kAt, ""},
      {"", "Range: bytes=-5", 200, "AR|CL 0|LM|TP", "", "GET", "a.txt", kAt, ""},
  };
  Check(kCases);
}

// RFC 9110 §14.1: units compare without case. §14.2: a unit that is not understood MUST be ignored.
// §14.1.1: positions and lengths are digits. Go answers 416, or takes the sign.
TEST(ServeContent, RangeUnitsAndNumbersAreThoseOfTheRfc) {
  constexpr ContentCase kCases[] = {
      {"", "Range: Bytes=0-1", 206, "AR|CL 2|CR 0-1/10|LM|TP", "01"},
      {"", "Range: BYTES=-1", 206, "AR|CL 1|CR 9-9/10|LM|TP", "9"},
      {"", "Range: lines=0-1", 200, "AR|CL 10|LM|TP", kWhole},
      {"", "Range: byte=0-1", 200, "AR|CL 10|LM|TP", kWhole},
      {"", "Range: bytess=99-", 200, "AR|CL 10|LM|TP", kWhole},
      {"", "Range: x=", 200, "AR|CL 10|LM|TP", kWhole},
      {"", "Range: by tes=0-1", 416, "NS|TP", "invalid range\n"},
      {"", "Range: =0-1", 416, "NS|TP", "invalid range\n"},
      {"", "Range: bytes=+1-2", 416, "NS|TP", "invalid range\n"},
      {"", "Range: bytes=1-+2", 416, "NS|TP", "invalid range\n"},
      {"", "Range: bytes=-+2", 416, "NS|TP", "invalid range\n"},
      {"", "Range: bytes=0-0,+5-6", 416, "NS|TP", "invalid range\n"},
      // A field that is no list must not be repeated (§5.3): the whole content is a correct answer.
      {"", "Range: bytes=0-1|Range: bytes=4-5", 200, "AR|CL 10|LM|TP", kWhole},
  };
  Check(kCases);
}

// RFC 9110 §5.3: the lines of a list are one list; §13.1: other conditions are invalid, and
// ignored, when repeated. Go uses the first line only.
TEST(ServeContent, ConditionsMayStandInSeveralLines) {
  constexpr ContentCase kCases[] = {
      {"Etag: \"a\"", "If-None-Match: \"b\"|If-None-Match: \"a\"", 304, "Etag: \"a\"", ""},
      {"Etag: \"a\"", "If-None-Match: |If-None-Match: W/\"a\"", 304, "Etag: \"a\"", ""},
      {"Etag: \"a\"", "If-None-Match: \"b\"|If-None-Match: \"c\"", 200,
       "AR|CL 10|Etag: \"a\"|LM|TP", kWhole},
      {"Etag: \"a\"", "If-Match: \"b\"|If-Match: \"a\"", 200, "AR|CL 10|Etag: \"a\"|LM|TP", kWhole},
      {"Etag: \"a\"", "If-Match: \"b\"|If-Match: *", 200, "AR|CL 10|Etag: \"a\"|LM|TP", kWhole},
      {"Etag: \"a\"", "If-Match: \"b\"|If-Match: \"c\"", 412, "Etag: \"a\"|LM", ""},
      // Read as the one list `x, "a"`.
      {"Etag: \"a\"", "If-Match: x|If-Match: \"a\"", 412, "Etag: \"a\"|LM", ""},
      {"", "If-Modified-Since: @AT|If-Modified-Since: @AT", 200, "AR|CL 10|LM|TP", kWhole},
      {"", "If-Unmodified-Since: @BEFORE|If-Unmodified-Since: @BEFORE", 200, "AR|CL 10|LM|TP",
       kWhole},
      {"Etag: \"a\"", "Range: bytes=0-1|If-Range: \"a\"|If-Range: \"a\"", 200,
       "AR|CL 10|Etag: \"a\"|LM|TP", kWhole},
  };
  Check(kCases);
}

// Content whose size, position or bytes are inconsistent.
class OddContent final : public io::ReadSeeker {
 public:
  explicit OddContent(std::string text) : text_(std::move(text)), reader_(text_) {}

  io::IoResult Read(std::span<char> into) override {
    if (read_error) return {0, read_error};
    return reader_.Read(into);
  }
  Result<int64_t> Seek(int64_t offset, io::Whence whence) override {
    if (seeks_left-- == 0) return Fail(Error::New("private trouble"));
    if (whence == io::Whence::kEnd && claimed_size >= 0) return claimed_size;
    return reader_.Seek(offset, whence);
  }

  int seeks_left = 1000;
  int64_t claimed_size = -1;
  Error read_error;

 private:
  std::string text_;
  io::StringReader reader_;
};

TEST(ServeContent, AnswersContentThatCannotSeekWith500) {
  for (const std::string_view name : {"a.txt", "sniffed"}) {
    for (int seeks = 0; seeks < 2; ++seeks) {
      Request r = NewRequest("GET", "/");
      ResponseRecorder w;
      w.Header().Set("Etag", "\"x\"");
      w.Header().Set("Cache-Control", "public");
      OddContent content("text");
      content.seeks_left = seeks;
      ServeContent(w, r, name, kAt, content);
      EXPECT_EQ(w.Code, 500);
      EXPECT_EQ(w.Body, "seeker can't seek\n");
      EXPECT_EQ(ShowFields(w.Result().Header), "NS|TP");
    }
  }
}

TEST(ServeContent, ContentLongerThanItsLengthIsCutAtTheLength) {
  Request r = NewRequest("GET", "/");
  ResponseRecorder w;
  OddContent content("0123456789, and has grown");
  content.claimed_size = 10;
  ServeContent(w, r, "a.txt", kAt, content);
  EXPECT_EQ(w.Result().ContentLength, 10);
  EXPECT_EQ(w.Body, "0123456789");
}

TEST(ServeContent, ContentShorterThanItsLengthCutsTheAnswer) {
  Request r = NewRequest("GET", "/");
  ResponseRecorder w;
  OddContent content("0123");
  content.claimed_size = 10;
  ServeContent(w, r, "a.txt", kAt, content);
  EXPECT_EQ(w.Result().ContentLength, 10);
  EXPECT_EQ(w.Body, "0123");
}

// Otherwise a client would take the frame of a later part for the missing bytes.
TEST(ServeContent, StopsAfterAPartThatFallsShort) {
  Request r = NewRequest("GET", "/");
  r.Header.Set("Range", "bytes=0-1,8-9,4-5");
  ResponseRecorder w;
  OddContent content("01234567");
  content.claimed_size = 10;
  ServeContent(w, r, "a.txt", kAt, content);
  EXPECT_EQ(w.Code, 206);
  EXPECT_EQ(Shorten(w.Body), "--B~CR 0-1/10~TP~~01~--B~CR 8-9/10~TP~~");
  EXPECT_GT(w.Result().ContentLength, static_cast<int64_t>(w.Body.size()));
}

TEST(ServeContent, HeadAndErrorsDoNotReadTheContent) {
  for (const std::string_view range : {"", "bytes=0-1", "bytes=0-1,3-4", "bytes=99-"}) {
    Request r = NewRequest("HEAD", "/");
    if (!range.empty()) r.Header.Set("Range", range);
    ResponseRecorder w;
    OddContent content("0123456789");
    content.read_error = Error::New("read");
    ServeContent(w, r, "a.txt", kAt, content);
    if (range == "bytes=99-") continue;
    EXPECT_EQ(w.Body, "") << range;
  }
}

TEST(ServeContent, BoundariesDiffer) {
  std::map<std::string, int> seen;
  for (int i = 0; i < 20; ++i) {
    Request r = NewRequest("GET", "/");
    r.Header.Set("Range", "bytes=0-1,3-4");
    ResponseRecorder w;
    io::StringReader content(kDigits);
    ServeContent(w, r, "a.txt", kAt, content);
    ++seen[std::string(w.Header().Get("Content-Type"))];
  }
  EXPECT_EQ(seen.size(), 20U);
}

}  // namespace
}  // namespace hon::http
