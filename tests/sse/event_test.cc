#include "hon/sse/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sse/read_events.h"

namespace hon::sse {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

std::string Text(const Event& event) {
  std::string out;
  const Error err = AppendEvent(event, out);
  EXPECT_FALSE(err) << err.Message();
  return out;
}

test::EventReader Read(std::string_view text) {
  test::EventReader reader;
  reader.Take(text);
  return reader;
}

TEST(EventText, IsWhatTheStandardShows) {
  EXPECT_EQ(Text({.data = "hello"}), "data: hello\n\n");
  EXPECT_EQ(Text({.data = "x", .event = "add", .id = "7", .retry = milliseconds(1500)}),
            "event: add\nid: 7\nretry: 1500\ndata: x\n\n");
  EXPECT_EQ(Text({.data = ""}), "data: \n\n");
  EXPECT_EQ(Text({.data = "x", .id = ""}), "id: \ndata: x\n\n");
  EXPECT_EQ(Text({.retry = milliseconds(0)}), "retry: 0\n\n");
}

TEST(EventText, EachLineBreakMakesALine) {
  struct Case {
    std::string_view data;
    std::string_view seen;
  };
  for (const Case& c :
       {Case{"a\nb", "a\nb"}, Case{"a\rb", "a\nb"}, Case{"a\r\nb", "a\nb"},
        Case{"a\n\rb", "a\n\nb"}, Case{"a\r\r\nb", "a\n\nb"}, Case{"\n", "\n"}, Case{"a\n", "a\n"},
        Case{"a\r\n", "a\n"}, Case{"\r\n\r\n", "\n\n"}, Case{" a", " a"}, Case{":a", ":a"},
        Case{"", ""}, Case{std::string_view("a\0b", 3), std::string_view("a\0b", 3)}}) {
    const test::EventReader reader = Read(Text({.data = c.data}));
    EXPECT_THAT(reader.Events(), ElementsAre(test::SeenEvent{"message", std::string(c.seen), ""}))
        << testing::PrintToString(std::string(c.data));
  }
}

TEST(EventText, DataCannotInjectFields) {
  for (const char* end : {"\n", "\r", "\r\n", "\n\n", "\r\r"}) {
    const std::string evil = std::string("x") + end + "id: 666" + end + "event: evil" + end +
                             "retry: 1" + end + "data: y" + end;
    const test::EventReader reader = Read(Text({.data = evil, .id = "1"}));
    ASSERT_EQ(reader.Events().size(), 1u);
    EXPECT_EQ(reader.Events()[0].type, "message");
    EXPECT_EQ(reader.LastEventId(), "1");
    EXPECT_EQ(reader.Retry(), std::nullopt);
  }
}

TEST(EventText, FieldsRefuseLineBreaks) {
  for (const std::string_view bad :
       {std::string_view("a\nb"), std::string_view("a\r"), std::string_view("\r\n"),
        std::string_view("a\0b", 3), std::string_view("\0", 1)}) {
    std::string out = "before";
    EXPECT_TRUE(AppendEvent({.data = "x", .event = bad}, out).Is(ErrBadField));
    EXPECT_TRUE(AppendEvent({.data = "x", .id = bad}, out).Is(ErrBadField));
    EXPECT_EQ(out, "before");
  }
  std::string out;
  EXPECT_TRUE(AppendEvent({.retry = milliseconds(-1)}, out).Is(ErrBadField));
  EXPECT_THAT(out, IsEmpty());
  const test::EventReader reader = Read(Text({.data = "x", .event = " a: b ", .id = "c: d"}));
  EXPECT_THAT(reader.Events(), ElementsAre(test::SeenEvent{" a: b ", "x", "c: d"}));
}

// An id returns as the value of Last-Event-ID (WHATWG HTML 9.2.3): a field-value of RFC 9110 §5.5,
// as in Fetch's definition of a header value.
TEST(EventText, AnIdIsAValidFieldValue) {
  std::vector<std::string> bad = {" a",       "a ",           "\ta",      "a\t",
                                  " ",        "\t",           "\xFF",     "a\xC3",
                                  "\xC0\x80", "\xED\xA0\x80", "\xE2\x82", "\xF5\x80\x80\x80"};
  std::vector<std::string> good = {"",  "a",        "a b",      "a\tb",         "~!,;:\"\\",
                                   "0", "\xC3\xA4", "\xC2\x80", "\xEF\xBB\xBF", "\xF0\x9F\x8E\x88"};
  for (int byte = 0; byte < 0x80; ++byte) {
    const std::string id = std::string("a") + static_cast<char>(byte) + "b";
    const bool control = byte < 0x20 || byte == 0x7F;
    (control && byte != '\t' ? bad : good).push_back(id);
  }
  for (const std::string& id : bad) {
    std::string out = "before";
    EXPECT_TRUE(AppendEvent({.data = "x", .id = id}, out).Is(ErrBadField))
        << testing::PrintToString(id);
    EXPECT_EQ(out, "before");
  }
  for (const std::string& id : good) {
    EXPECT_EQ(Read(Text({.data = "x", .id = id})).LastEventId(), id);
  }
}

TEST(EventText, FieldLimitAtNAndOneMore) {
  const std::string most(kFieldBytesMax, 'f');
  const std::string more(kFieldBytesMax + 1, 'f');
  const test::EventReader reader = Read(Text({.data = "x", .event = most, .id = most}));
  EXPECT_THAT(reader.Events(), ElementsAre(test::SeenEvent{most, "x", most}));
  std::string out;
  EXPECT_TRUE(AppendEvent({.data = "x", .event = more}, out).Is(ErrTooLarge));
  EXPECT_TRUE(AppendEvent({.data = "x", .id = more}, out).Is(ErrTooLarge));
  EXPECT_THAT(out, IsEmpty());
}

TEST(EventText, EventLimitAtNAndOneMore) {
  constexpr size_t kAround = std::string_view("data: \n\n").size();
  std::string data(kEventBytesMax - kAround, 'd');
  EXPECT_EQ(Text({.data = data}).size(), kEventBytesMax);
  data.push_back('d');
  std::string out = "before";
  EXPECT_TRUE(AppendEvent({.data = data}, out).Is(ErrTooLarge));
  EXPECT_TRUE(AppendEvent({.data = std::string(kEventBytesMax + 1, 'd')}, out).Is(ErrTooLarge));
  // Small as text, but large as lines.
  EXPECT_TRUE(AppendEvent({.data = std::string(kEventBytesMax / 4, '\n')}, out).Is(ErrTooLarge));
  EXPECT_EQ(out, "before");
}

TEST(CommentText, IsAColonForEachLine) {
  std::string out;
  EXPECT_FALSE(AppendComment("", out));
  EXPECT_EQ(out, ": \n\n");
  EXPECT_FALSE(AppendComment("one\r\ndata: two\rthree", out));
  const test::EventReader reader = Read(out);
  EXPECT_THAT(reader.Events(), IsEmpty());
  EXPECT_THAT(reader.Comments(), ElementsAre("", "one", "data: two", "three"));
}

TEST(CommentText, LimitAtNAndOneMore) {
  constexpr size_t kAround = std::string_view(": \n\n").size();
  std::string out;
  EXPECT_FALSE(AppendComment(std::string(kEventBytesMax - kAround, 'c'), out));
  EXPECT_EQ(out.size(), kEventBytesMax);
  EXPECT_TRUE(AppendComment(std::string(kEventBytesMax - kAround + 1, 'c'), out).Is(ErrTooLarge));
  EXPECT_EQ(out.size(), kEventBytesMax);
}

}  // namespace
}  // namespace hon::sse
