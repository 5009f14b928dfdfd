#include "hon/http/multipart_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "hon/http/multipart.h"
#include "http/multipart_cases.h"

namespace hon::multipart {
namespace {

class StringWriter final : public io::Writer {
 public:
  io::IoResult Write(std::string_view data) override {
    if (text.size() + data.size() > bytes_max) return {0, Error::New("full")};
    text += data;
    return {data.size(), {}};
  }

  std::string text;
  size_t bytes_max = SIZE_MAX;
};

TEST(Writer, WritesWhatGoWrites) {
  StringWriter out;
  Writer writer(out);
  ASSERT_FALSE(writer.SetBoundary("B"));
  EXPECT_FALSE(writer.WriteField("key", "val"));
  EXPECT_FALSE(writer.WriteField("quo\"te\\", "v\r\n2"));
  EXPECT_FALSE(writer.WriteField("crlf\r\nX: y", ""));
  Result<PartWriter> file = writer.CreateFormFile("f", "na\"me\r\n.txt");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->Write("content").n, 7U);
  http::Header header;
  header.Add("X-B", "1");
  header.Add("X-B", "2");
  header.Add("X-A", "0");
  Result<PartWriter> part = writer.CreatePart(header);
  ASSERT_TRUE(part.has_value());
  EXPECT_FALSE(part->Write("a").err);
  EXPECT_FALSE(part->Write("b").err);
  EXPECT_FALSE(writer.Close());
  EXPECT_EQ(out.text, kWritten);
}

TEST(Writer, TakesTheBoundariesThatGoTakes) {
  for (const BoundaryCase& c : kBoundaryCases) {
    StringWriter out;
    Writer writer(out);
    const Error err = writer.SetBoundary(c.boundary);
    ASSERT_EQ(static_cast<bool>(err), c.content_type.empty()) << c.boundary;
    if (err) {
      EXPECT_TRUE(err.Is(ErrBadBoundary));
    } else {
      EXPECT_EQ(writer.FormDataContentType(), c.content_type);
    }
  }
}

TEST(Writer, BoundariesAreRandom) {
  StringWriter out;
  const Writer one(out);
  const Writer other(out);
  EXPECT_EQ(one.Boundary().size(), 60U);
  EXPECT_EQ(one.Boundary().find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(one.Boundary(), other.Boundary());
}

TEST(Writer, ABoundaryIsChosenBeforeTheFirstPart) {
  StringWriter out;
  Writer writer(out);
  ASSERT_FALSE(writer.WriteField("a", "b"));
  EXPECT_TRUE(writer.SetBoundary("B").Is(ErrBadBoundary));
}

TEST(Writer, APartEndsWithTheNext) {
  StringWriter out;
  Writer writer(out);
  Result<PartWriter> first = writer.CreateFormField("a");
  Result<PartWriter> second = writer.CreateFormField("b");
  EXPECT_TRUE(first->Write("x").err.Is(ErrPartFinished));
  EXPECT_FALSE(second->Write("y").err);
  EXPECT_FALSE(writer.Close());
  EXPECT_TRUE(second->Write("z").err.Is(ErrPartFinished));
}

TEST(Writer, FailuresAreNotForgotten) {
  StringWriter out;
  Writer writer(out);
  Result<PartWriter> part = writer.CreateFormField("a");
  ASSERT_TRUE(part.has_value());
  out.bytes_max = out.text.size();
  EXPECT_EQ(part->Write("x").err.Message(), "full");
  out.bytes_max = SIZE_MAX;
  EXPECT_EQ(part->Write("y").err.Message(), "full") << "a hole where x was";
  EXPECT_EQ(writer.CreateFormField("b").error().Message(), "full");
  EXPECT_EQ(writer.Close().Message(), "full");
}

TEST(Writer, IsReadBack) {
  StringWriter out;
  Writer writer(out);
  const std::string binary("\0\r\n--\xFF", 6);
  ASSERT_FALSE(writer.WriteField("k\"\\\r\n", binary));
  ASSERT_FALSE(writer.CreateFormFile("f", "n\"\\.bin")->Write(binary).err);
  ASSERT_FALSE(writer.Close());

  io::StringReader text(out.text);
  Reader reader(text, writer.Boundary());
  const Result<std::unique_ptr<Form>> form = reader.ReadForm();
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ((*form)->Value.Get("k\"\\%0D%0A"), binary);
  const FileHeader& file = (*form)->File.at("f").front();
  EXPECT_EQ(file.Filename, ".bin") << "all up to a backslash is a folder";
  EXPECT_EQ(io::ReadAll(**file.Open()).value(), binary);
}

}  // namespace
}  // namespace hon::multipart
