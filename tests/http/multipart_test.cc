#include "hon/http/multipart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "hon/http/multipart_writer.h"
#include "http/multipart_cases.h"

namespace hon::multipart {
namespace {

std::string Body(const BodyCase& c) {
  std::string body(c.first_times - 1, c.body.empty() ? ' ' : c.body.front());
  return body.append(c.body);
}

// Gives at most `step` bytes at a time, and the end by itself or with the last bytes.
class SlowReader final : public io::Reader {
 public:
  SlowReader(std::string_view text, size_t step, bool end_with_data = false)
      : rest_(text), step_(step), end_with_data_(end_with_data) {}

  io::IoResult Read(std::span<char> into) override {
    if (rest_.empty()) return {0, end_};
    const size_t n = rest_.copy(into.data(), std::min(step_, into.size()));
    rest_.remove_prefix(n);
    if (rest_.empty() && end_with_data_) return {n, end_};
    return {n, {}};
  }

  void FailWith(Error error) { end_ = std::move(error); }

 private:
  std::string_view rest_;
  size_t step_;
  bool end_with_data_;
  Error end_ = io::ErrEof;
};

std::string Name(const Error& err) {
  if (err.Is(ErrMessageTooLarge)) return "too large";
  if (err.Is(ErrMalformed)) return "malformed";
  return err.Message();
}

std::string SortedFields(const http::Header& header) {
  std::vector<std::string> fields;
  for (const http::Header::Field& field : header) {
    fields.push_back(std::string(field.name) + '=' + std::string(field.value));
  }
  std::sort(fields.begin(), fields.end());
  std::string shown;
  for (const std::string& field : fields) shown += (shown.empty() ? "" : "&") + field;
  return shown;
}

// All parts, in the notation of the cases. Each Read requests `bytes` bytes.
std::string ShowParts(io::Reader& body, bool raw, size_t bytes) {
  Reader reader(body, "B");
  std::string shown;
  for (;;) {
    Result<Part*> part = raw ? reader.NextRawPart() : reader.NextPart();
    if (!part) return shown + '!' + Name(part.error());
    shown += '[' + SortedFields((*part)->Header) + "](";
    std::string buffer(bytes, '\0');
    for (;;) {
      const io::IoResult got = (*part)->Read(std::span(buffer));
      shown.append(buffer, 0, got.n);
      if (!got.err) continue;
      shown += ')';
      if (!got.err.Is(io::ErrEof)) shown += '?' + Name(got.err);
      break;
    }
  }
}

TEST(Reader, ReadsWhatGoReads) {
  for (const BodyCase& c : kBodyCases) {
    const std::string body = Body(c);
    io::StringReader whole(body);
    EXPECT_EQ(ShowParts(whole, false, 512), c.parts) << c.body;
    io::StringReader again(body);
    EXPECT_EQ(ShowParts(again, true, 512), c.raw_parts == kSame ? c.parts : c.raw_parts) << c.body;
  }
}

TEST(Reader, ReadsTheSameHoweverTheBytesCome) {
  for (const BodyCase& c : kBodyCases) {
    const std::string body = Body(c);
    for (const size_t step : {1U, 2U, 3U, 5U, 7U, 11U}) {
      for (const bool end_with_data : {false, true}) {
        SlowReader slow(body, step, end_with_data);
        EXPECT_EQ(ShowParts(slow, false, step), c.parts) << step << ' ' << c.body;
      }
    }
  }
}

TEST(Reader, EveryCutOfABodyIsAnError) {
  const std::string body =
      "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n"
      "--B\r\nX: y\r\n\r\nother\r\n--B--";
  for (size_t cut = 0; cut < body.size(); ++cut) {
    SlowReader slow(std::string_view(body).substr(0, cut), 7);
    const std::string shown = ShowParts(slow, false, 16);
    EXPECT_FALSE(shown.ends_with("!EOF")) << cut << ": " << shown;
  }
  SlowReader whole(body, 7);
  EXPECT_TRUE(ShowParts(whole, false, 16).ends_with("!EOF"));
}

TEST(Reader, PassesOnWhyTheBodyFailed) {
  static constexpr Sentinel kTrouble{"trouble"};
  for (const std::string_view body : {"", "--B\r\n", "--B\r\nX: y\r\n", "--B\r\n\r\nx"}) {
    SlowReader slow(body, 100);
    slow.FailWith(kTrouble);
    Reader reader(slow, "B");
    Error err;
    if (Result<Part*> part = reader.NextPart()) {
      err = io::ReadAll(**part).error();
      EXPECT_TRUE(reader.NextPart().error().Is(kTrouble));
    } else {
      err = part.error();
    }
    EXPECT_TRUE(err.Is(kTrouble)) << body << ": " << err.Message();
  }
}

TEST(Reader, SkipsTheUnreadRestOfAPart) {
  const std::string body = "--B\r\n\r\n" + std::string(100'000, 'x') + "\r\n--B\r\n\r\ny\r\n--B--";
  io::StringReader text(body);
  Reader reader(text, "B");
  ASSERT_TRUE(reader.NextPart().has_value());
  const Result<Part*> second = reader.NextPart();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(io::ReadAll(**second).value(), "y");
  EXPECT_TRUE(reader.NextPart().error().Is(io::ErrEof));
  EXPECT_TRUE(reader.NextPart().error().Is(io::ErrEof)) << "and stays so";
}

// Contents full of prefixes of a boundary, with sizes around the buffer's.
TEST(Reader, FindsBoundariesAtEveryDistance) {
  for (size_t size = 16'300; size < 16'460; ++size) {
    std::string content;
    while (content.size() < size) content += "\r\n--";
    content.resize(size);
    const std::string body = "--B\r\n\r\n" + content + "\r\n--B\r\n\r\nnext\r\n--B--";
    io::StringReader text(body);
    EXPECT_EQ(ShowParts(text, false, 4096), "[](" + content + ")[](next)!EOF") << size;
  }
}

TEST(Reader, BoundariesHave1To70Bytes) {
  const std::string longest(kBoundaryBytesMax, 'b');
  const std::string body = "--" + longest + "\r\n\r\nx\r\n--" + longest + "--";
  io::StringReader text(body);
  Reader reader(text, longest);
  EXPECT_EQ(io::ReadAll(*reader.NextPart().value()).value(), "x");

  for (const std::string& boundary : {std::string(), longest + 'b'}) {
    io::StringReader any("--\r\n\r\nx\r\n----");
    EXPECT_TRUE(Reader(any, boundary).NextPart().error().Is(ErrMalformed));
  }
}

std::string PartWithHeader(const std::string& header) {
  return "--B\r\n" + header + "\r\nx\r\n--B--";
}

Error HeaderError(const std::string& header, const Limits& limits) {
  const std::string body = PartWithHeader(header);
  io::StringReader text(body);
  Reader reader(text, "B", limits);
  const Result<Part*> part = reader.NextPart();
  return part ? Error() : part.error();
}

TEST(Reader, CountsHeaderFields) {
  std::string header;
  for (int i = 0; i < 10; ++i) header += "a: b\r\n";
  EXPECT_FALSE(HeaderError(header, {.headers_max = 10}));
  const Error err = HeaderError(header, {.headers_max = 9});
  EXPECT_TRUE(err.Is(ErrMessageTooLarge));
  EXPECT_EQ(err.Message(), "multipart: message too large: more than 9 header fields");

  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "a:\r\n";
  EXPECT_FALSE(HeaderError(many, {}));
  EXPECT_TRUE(HeaderError(many + "a:\r\n", {}).Is(ErrMessageTooLarge));
}

TEST(Reader, CountsHeaderBytes) {
  // 400 for the header, 200 for the field, and its line.
  const std::string line = "a: " + std::string(97, 'x');
  EXPECT_FALSE(HeaderError(line + "\r\n", {.header_bytes_max = 700}));
  const Error err = HeaderError(line + "\r\n", {.header_bytes_max = 699});
  EXPECT_TRUE(err.Is(ErrMessageTooLarge));
  EXPECT_EQ(err.Message(), "multipart: message too large: part header of more than 699 bytes");
  EXPECT_TRUE(HeaderError("", {.header_bytes_max = 399}).Is(ErrMessageTooLarge));

  const std::string folded = "a: b\r\n " + std::string(1000, 'x') + "\r\n";
  EXPECT_TRUE(HeaderError(folded, {.header_bytes_max = 1000}).Is(ErrMessageTooLarge));
  EXPECT_FALSE(HeaderError(folded, {.header_bytes_max = 2000}));
}

TEST(Part, IsNamedAsInGo) {
  for (const NameCase& c : kNameCases) {
    const std::string body =
        PartWithHeader("Content-Disposition: " + std::string(c.disposition) + "\r\n");
    io::StringReader text(body);
    Reader reader(text, "B");
    const Result<Part*> part = reader.NextPart();
    ASSERT_TRUE(part.has_value()) << c.disposition;
    EXPECT_EQ((*part)->FormName(), c.form_name) << c.disposition;
    EXPECT_EQ((*part)->FileName(), c.file_name) << c.disposition;
  }
}

// Go leaves these names to its users.
TEST(Part, FileNamesAreHarmless) {
  const struct {
    std::string_view parameter;
    std::string_view name;
  } cases[] = {
      {"filename=\"C:\\dir\\evil.txt\"", "evil.txt"},
      {"filename=\"..\\..\\evil.txt\"", "evil.txt"},
      {"filename=\"..\"", "_"},
      {"filename=\".\"", "_"},
      {"filename=\"/\"", "_"},
      {"filename=\"a\\\\\"", "_"},
      {"filename*=utf-8''a.txt%00.png", "a.txt_.png"},
      {"filename*=utf-8''%2e%2e%2f%2e%2e%2fpasswd", "passwd"},
      {"filename*=utf-8''a%0d%0ab", "a__b"},
  };
  for (const auto& c : cases) {
    const std::string body = PartWithHeader("Content-Disposition: form-data; name=f; " +
                                            std::string(c.parameter) + "\r\n");
    io::StringReader text(body);
    Reader reader(text, "B");
    EXPECT_EQ((*reader.NextPart())->FileName(), c.name) << c.parameter;
  }
}

}  // namespace
}  // namespace hon::multipart
