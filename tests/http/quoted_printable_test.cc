#include "http/quoted_printable.h"

#include <gtest/gtest.h>

#include <string>

#include "hon/http/multipart.h"

namespace hon::multipart::internal {
namespace {

using namespace std::string_view_literals;

// The results of Go 1.26's mime/quotedprintable.
constexpr struct {
  std::string_view text;
  std::string_view decoded;
  std::string_view error;
} kCases[] = {
    {"", "", ""},
    {"foo bar", "foo bar", ""},
    {"foo bar=3D", "foo bar=", ""},
    {"foo bar=3d", "foo bar=", ""},
    {"foo bar=\n", "foo bar", ""},
    {"foo bar\n", "foo bar\n", ""},
    {"foo bar=0", "foo bar=0", ""},
    {"foo bar=0D=0A", "foo bar\r\n", ""},
    {" A B        \r\n C ", " A B\r\n C", ""},
    {" A B =\r\n C ", " A B  C", ""},
    {" A B =\n C ", " A B  C", ""},
    {"foo=\nbar", "foobar", ""},
    {"foo\000bar"sv, "foo", "malformed"},
    {"foo bar\377", "foo bar\377", ""},
    {"=", "", "malformed"},
    {"=\r\n", "", ""},
    {"a=", "a", ""},
    {"a= ", "a", ""},
    {"a= \r\nb", "ab", ""},
    {"a=\t\r\nb", "ab", ""},
    {"a=x", "a=x", ""},
    {"a==", "a", "unexpected EOF"},
    {"a=\rb", "a", "malformed"},
    {"a=\r", "a", "malformed"},
    {"=3D30\n", "=30\n", ""},
    {"=00=FF0=\n", "\000\3770"sv, ""},
    {"=3D30\n", "=30\n", ""},
    {"foo  \n\nfoo =\n\nfoo=20\n\n", "foo\n\nfoo \nfoo \n\n", ""},
    {"foo \r\nbar\t\n", "foo\r\nbar\n", ""},
    {"x=4", "x=4", ""},
    {"x=4\r\n", "x=4\r\n", ""},
    {"a\177b", "a", "malformed"},
    {"a\tb", "a\tb", ""},
    {"a\rb", "a\rb", ""},
    {"=zz=41", "=zzA", ""},
    {"a =\r\n", "a ", ""},
    {"=20", " ", ""},
    {"\r\n\r\n", "\r\n\r\n", ""},
    {"a=\r\n=\r\nb", "ab", ""},
};

std::string Name(const Error& err) { return err.Is(ErrMalformed) ? "malformed" : err.Message(); }

TEST(QuotedPrintableReader, ReadsWhatGoReads) {
  for (const auto& c : kCases) {
    for (const size_t step : {1U, 2U, 100U}) {
      QuotedPrintableReader reader(std::make_unique<io::StringReader>(c.text));
      std::string decoded;
      std::string buffer(step, '\0');
      Error err;
      while (!err) {
        io::IoResult got = reader.Read(std::span(buffer));
        decoded.append(buffer, 0, got.n);
        err = std::move(got.err);
      }
      EXPECT_EQ(decoded, c.decoded) << c.text;
      EXPECT_EQ(err.Is(io::ErrEof) ? "" : Name(err), c.error) << c.text;
    }
  }
}

TEST(QuotedPrintableReader, LinesHaveALimit) {
  const std::string most = std::string(kLineBytesMax - 1, 'x') + '\n';
  QuotedPrintableReader fits(std::make_unique<io::StringReader>(most));
  EXPECT_EQ(io::ReadAll(fits).value(), most);
  const std::string more = 'x' + most;
  QuotedPrintableReader fails(std::make_unique<io::StringReader>(more));
  EXPECT_TRUE(io::ReadAll(fails).error().Is(ErrMalformed));
}

}  // namespace
}  // namespace hon::multipart::internal
