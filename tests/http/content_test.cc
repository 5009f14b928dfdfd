// ServeContent against what Go answers, and where it must not do as Go does.

#include "http/content.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "hon/http/file_server.h"
#include "hon/httptest/recorder.h"
#include "hon/httptest/request.h"
#include "http/conditional_cases.h"
#include "http/content_cases.h"
#include "http/range_cases.h"

namespace hon::http {
namespace {

using httptest::NewRequest;
using httptest::ResponseRecorder;

std::string Replace(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> pieces;
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('|'), rest.size());
    pieces.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return pieces;
}

// Calls `set(name, value)` for each of the fields "Name: value|Name: value".
template <class Set>
void ForEachField(std::string_view fields, Set set) {
  std::string text = Replace(std::string(fields), "@AT", "Sun, 13 Sep 2020 12:26:40 GMT");
  text = Replace(text, "@BEFORE", "Sun, 13 Sep 2020 12:26:39 GMT");
  text = Replace(text, "@AFTER", "Sun, 13 Sep 2020 12:26:41 GMT");
  for (const std::string& field : Split(text)) {
    const size_t colon = field.find(": ");
    set(field.substr(0, colon), field.substr(colon + 2));
  }
}

// The shortened form of the tables.
std::string Shorten(std::string text) {
  text = std::regex_replace(text, std::regex("[0-9a-f]{60}"), "B");
  text = Replace(text, "Content-Type: text/plain; charset=utf-8", "TP");
  text = Replace(text, "Content-Range: bytes ", "CR ");
  text = Replace(text, "Content-Length: ", "CL ");
  text = Replace(text, "Accept-Ranges: bytes", "AR");
  text = Replace(text, "Last-Modified: Sun, 13 Sep 2020 12:26:40 GMT", "LM");
  text = Replace(text, "X-Content-Type-Options: nosniff", "NS");
  return Replace(text, "\r\n", "~");
}

std::string ShowFields(const Header& header) {
  std::vector<std::string> lines;
  for (const Header::Field& field : header) {
    lines.push_back(std::string(field.name) + ": " + std::string(field.value));
  }
  std::sort(lines.begin(), lines.end());
  std::string shown;
  for (const std::string& line : lines) shown += (shown.empty() ? "" : "|") + line;
  return Shorten(shown);
}

template <size_t n>
void Check(const ContentCase (&cases)[n]) {
  for (const ContentCase& c : cases) {
    Request r = NewRequest(c.method, "/");
    ForEachField(c.request,
                 [&](const auto& name, const auto& value) { r.Header.Add(name, value); });
    ResponseRecorder w;
    ForEachField(c.preset, [&](const auto& name, const auto& value) {
      if (value == "nil") {
        w.Header().Suppress(name);
      } else {
        w.Header().Add(name, value);
      }
    });
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
      {"", "Range: bytes=-0", 416, "CR */10|TP|NS", "invalid range: failed to overlap\n"},
      {"", "Range: bytes=-0,-0", 416, "CR */10|TP|NS", "invalid range: failed to overlap\n"},
      {"", "Range: bytes=-0,0-0", 206, "AR|CL 1|CR 0-0/10|TP|LM", "0"},
      {"", "Range: bytes=-0", 200, "AR|CL 0|TP|LM", "", "GET", "a.txt", kAt, ""},
      {"", "Range: bytes=-5", 200, "AR|CL 0|TP|LM", "", "GET", "a.txt", kAt, ""},
  };
  Check(kCases);
}

// Content whose size, position or bytes are not what they seem.
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
      EXPECT_EQ(ShowFields(w.Result().Header), "TP|NS");
    }
  }
}

TEST(ServeContent, SendsNoMoreThanItPromised) {
  Request r = NewRequest("GET", "/");
  ResponseRecorder w;
  OddContent content("0123456789, and has grown");
  content.claimed_size = 10;
  ServeContent(w, r, "a.txt", kAt, content);
  EXPECT_EQ(w.Result().ContentLength, 10);
  EXPECT_EQ(w.Body, "0123456789");
}

TEST(ServeContent, SendsLessThanItPromisedWhenThereIsLess) {
  Request r = NewRequest("GET", "/");
  ResponseRecorder w;
  OddContent content("0123");
  content.claimed_size = 10;
  ServeContent(w, r, "a.txt", kAt, content);
  EXPECT_EQ(w.Result().ContentLength, 10);
  EXPECT_EQ(w.Body, "0123");
}

// Otherwise the frame of a later part would be taken for the missing bytes.
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

TEST(ServeContent, DoesNotReadWhatHeadAndErrorsNeedNot) {
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
