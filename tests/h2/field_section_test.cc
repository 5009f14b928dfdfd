#include "hon/h2/field_section.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace hon::h2 {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

std::vector<FieldLine> SectionLines(const Fields& fields) {
  std::vector<FieldLine> lines;
  for (const auto& [name, value] : fields) {
    lines.push_back({name, value, http::FindHeaderId(name), FindPseudoField(name),
                     IsFieldName(name) && IsFieldValue(value), false});
  }
  return lines;
}

Fields SectionGet(std::initializer_list<std::pair<std::string, std::string>> more = {}) {
  Fields fields = {
      {":method", "GET"}, {":scheme", "https"}, {":authority", "a.example"}, {":path", "/"}};
  fields.insert(fields.end(), more);
  return fields;
}

struct SectionRead {
  Violation violation;
  RequestFields request;
  Fields header;
};

// `fields` must outlive the result.
SectionRead ReadRequest(const Fields& fields, bool end_stream = true) {
  static Arena arena;
  http::Header header;
  SectionRead read;
  const std::vector<FieldLine> lines = SectionLines(fields);
  read.violation = ReadRequestFields(lines, end_stream, arena, read.request, header);
  for (const http::Header::Field& field : header) read.header.emplace_back(field.name, field.value);
  return read;
}

// RFC 9113 §8.2.1: a byte at any place of a text of any length, where texts are tested in words.
TEST(IsFieldValue, LooksAtEachByte) {
  for (size_t size = 1; size <= 26; ++size) {
    for (size_t at = 0; at < size; ++at) {
      std::string value(size, 'v');
      for (int byte = 0; byte < 256; ++byte) {
        value[at] = static_cast<char>(byte);
        const bool control = byte == 0x7f || (byte < 0x20 && byte != '\t');
        const bool blank = byte == ' ' || byte == '\t';
        const bool outer = at == 0 || at + 1 == size;
        ASSERT_EQ(IsFieldValue(value), !control && !(blank && outer))
            << byte << " at " << at << " of " << size;
        // The byte is not hidden by a neighbour that carries or borrows.
        if (!control || size < 3) continue;
        std::string beside = value;
        beside[at == 0 ? 1 : at - 1] = '\xff';
        beside[at + 1 == size ? at - 1 : at + 1] = '\x80';
        ASSERT_FALSE(IsFieldValue(beside)) << byte << " at " << at << " of " << size;
      }
    }
  }
  EXPECT_TRUE(IsFieldValue(""));
}

TEST(ReadRequestFields, APathHasNoBlankAndNoFragment) {
  for (size_t size = 2; size <= 26; ++size) {
    for (size_t at = 1; at < size; ++at) {
      for (const int byte : {0x21, 0x22, 0x23, 0x24, 0x2f, 0x33, 0x63, 0x80, 0xa0, 0xa3, 0xff}) {
        std::string path = "/" + std::string(size - 1, '!');
        path[at] = static_cast<char>(byte);
        const Fields fields = {
            {":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", path}};
        ASSERT_EQ(static_cast<bool>(ReadRequest(fields).violation), byte == 0x23)
            << byte << " at " << at << " of " << size;
      }
      for (const char byte : {' ', '\t'}) {
        std::string path = "/" + std::string(size, '#' + 1);
        path[at] = byte;
        const Fields fields = {
            {":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", path}};
        ASSERT_TRUE(ReadRequest(fields).violation) << at << " of " << size;
      }
    }
  }
}

TEST(ReadRequestFields, FillsARequest) {
  const Fields fields = SectionGet({{"user-agent", "x"},
                                    {"x-own-name", "y"},
                                    {"cookie", "a=b"},
                                    {"accept", "*/*"},
                                    {"cookie", "c=d"},
                                    {"te", "trailers"},
                                    {"host", "A.example"},
                                    {"expect", "100-continue"},
                                    {"priority", "u=1, i"},
                                    {"content-length", "7"},
                                    {"trailer", "x-t"}});
  const SectionRead read = ReadRequest(fields, false);
  ASSERT_FALSE(read.violation) << read.violation.reason;
  EXPECT_EQ(read.request.method, "GET");
  EXPECT_EQ(read.request.scheme, "https");
  EXPECT_EQ(read.request.authority, "a.example");
  EXPECT_EQ(read.request.path, "/");
  EXPECT_EQ(read.request.content_length, 7);
  EXPECT_TRUE(read.request.expect_continue);
  EXPECT_FALSE(read.request.expects_otherwise);
  EXPECT_TRUE(read.request.announces_trailers);
  EXPECT_EQ(read.request.priority, (Priority{1, true}));
  // RFC 9113 §8.2.3: one Cookie field. Names as Go spells them, without Host.
  EXPECT_EQ(read.header, (Fields{{"User-Agent", "x"},
                                 {"X-Own-Name", "y"},
                                 {"Accept", "*/*"},
                                 {"Te", "trailers"},
                                 {"Expect", "100-continue"},
                                 {"Priority", "u=1, i"},
                                 {"Content-Length", "7"},
                                 {"Trailer", "x-t"},
                                 {"Cookie", "a=b; c=d"}}));
}

struct SectionCase {
  const char* name;
  const char* rfc;
  Fields fields;
  bool ok;
};

const std::vector<SectionCase>& SectionCases() {
  static const std::vector<SectionCase> cases = {
      {"request", "9113 §8.3.1", SectionGet(), true},
      {"Host instead of :authority",
       "9113 §8.3.1",
       {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "a"}},
       true},
      {"neither", "9113 §8.3.1", {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}, false},
      {"empty Host alone",
       "9110 §4.2.1",
       {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", ""}},
       false},
      {"Host differs", "9113 §8.3.1", SectionGet({{"host", "b.example"}}), false},
      {"two Hosts", "9112 §3.2", SectionGet({{"host", "a.example"}, {"host", "a.example"}}), false},
      {"no method",
       "9113 §8.3.1",
       {{":scheme", "http"}, {":authority", "a"}, {":path", "/"}},
       false},
      {"empty method",
       "9110 §9.1",
       {{":method", ""}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}},
       false},
      {"method with a space",
       "9110 §9.1",
       {{":method", "GET x"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}},
       false},
      {"no scheme",
       "9113 §8.3.1",
       {{":method", "GET"}, {":authority", "a"}, {":path", "/"}},
       false},
      {"another scheme",
       "net/http H25",
       {{":method", "GET"}, {":scheme", "ftp"}, {":authority", "a"}, {":path", "/"}},
       false},
      {"no path",
       "9113 §8.3.1",
       {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}},
       false},
      {"empty path",
       "9113 §8.3.1",
       {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", ""}},
       false},
      {"path without a slash",
       "9113 §8.3.1",
       {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "x"}},
       false},
      {"path with a space",
       "9113 §8.3.1",
       {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/a b"}},
       false},
      {"path with a fragment",
       "9113 §8.3.1",
       {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/#x"}},
       false},
      {"asterisk with GET",
       "9113 §8.3.1",
       {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "*"}},
       false},
      {"asterisk with OPTIONS",
       "9113 §8.3.1",
       {{":method", "OPTIONS"}, {":scheme", "http"}, {":authority", "a"}, {":path", "*"}},
       true},
      {"unknown pseudo",
       "9113 §8.3",
       {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}, {":x", "y"}},
       false},
      {"status in a request",
       "9113 §8.3",
       {{":method", "GET"},
        {":scheme", "http"},
        {":authority", "a"},
        {":path", "/"},
        {":status", "200"}},
       false},
      {"path twice",
       "9113 §8.3",
       {{":method", "GET"},
        {":scheme", "http"},
        {":path", "/"},
        {":path", "/"},
        {":authority", "a"}},
       false},
      {"pseudo behind a field",
       "9113 §8.3",
       {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"x", "y"}, {":authority", "a"}},
       false},
      {"upper case", "9113 §8.2.1", SectionGet({{"X-A", "b"}}), false},
      {"empty name", "9113 §8.2.1", SectionGet({{"", "b"}}), false},
      {"line break in a value", "9113 §8.2.1", SectionGet({{"x-a", "b\r\nc: d"}}), false},
      {"blank before a value", "9113 §8.2.1", SectionGet({{"x-a", " b"}}), false},
      {"connection", "9113 §8.2.2", SectionGet({{"connection", "close"}}), false},
      {"keep-alive", "9113 §8.2.2", SectionGet({{"keep-alive", "5"}}), false},
      {"proxy-connection", "9113 §8.2.2", SectionGet({{"proxy-connection", "close"}}), false},
      {"transfer-encoding", "9113 §8.2.2", SectionGet({{"transfer-encoding", "chunked"}}), false},
      {"upgrade", "9113 §8.2.2", SectionGet({{"upgrade", "h2c"}}), false},
      {"te: gzip", "9113 §8.2.2", SectionGet({{"te", "gzip"}}), false},
      {"te: trailers, gzip", "9113 §8.2.2", SectionGet({{"te", "trailers, gzip"}}), false},
      {"te: trailers", "9113 §8.2.2", SectionGet({{"te", "trailers"}}), true},
      {"length 0", "9110 §8.6", SectionGet({{"content-length", "0"}}), true},
      {"length of a body that is not there", "9113 §8.1.1", SectionGet({{"content-length", "1"}}),
       false},
      {"length with a sign", "9110 §8.6", SectionGet({{"content-length", "+0"}}), false},
      {"empty length", "9110 §8.6", SectionGet({{"content-length", ""}}), false},
      {"two equal lengths", "9110 §8.6",
       SectionGet({{"content-length", "0"}, {"content-length", "0"}}), true},
      {"two lengths", "9110 §8.6", SectionGet({{"content-length", "0"}, {"content-length", "00"}}),
       false},
      {"lengths that differ", "9110 §8.6",
       SectionGet({{"content-length", "0"}, {"content-length", "1"}}), false},
      {"length of 19 digits", "limit", SectionGet({{"content-length", "0000000000000000000"}}),
       false},
      {"CONNECT", "9113 §8.5", {{":method", "CONNECT"}, {":authority", "a:1"}}, true},
      {"CONNECT without authority", "9113 §8.5", {{":method", "CONNECT"}}, false},
      {"CONNECT with Host alone", "9113 §8.5", {{":method", "CONNECT"}, {"host", "a:1"}}, false},
      {"CONNECT with a path",
       "9113 §8.5",
       {{":method", "CONNECT"}, {":authority", "a:1"}, {":path", "/"}},
       false},
      {"CONNECT with a scheme",
       "9113 §8.5",
       {{":method", "CONNECT"}, {":authority", "a:1"}, {":scheme", "http"}},
       false},
      {"extended CONNECT",
       "8441 §4",
       {{":method", "CONNECT"},
        {":protocol", "websocket"},
        {":scheme", "https"},
        {":path", "/"},
        {":authority", "a"}},
       true},
      {"extended CONNECT without a path",
       "8441 §4",
       {{":method", "CONNECT"},
        {":protocol", "websocket"},
        {":scheme", "https"},
        {":authority", "a"}},
       false},
      {":protocol with GET",
       "8441 §4",
       {{":method", "GET"},
        {":protocol", "websocket"},
        {":scheme", "https"},
        {":path", "/"},
        {":authority", "a"}},
       false},
      {"nothing", "9113 §8.3.1", {}, false},
  };
  return cases;
}

TEST(ReadRequestFields, KnowsTheRulesOfTheRfc) {
  for (const SectionCase& one : SectionCases()) {
    const SectionRead read = ReadRequest(one.fields);
    EXPECT_EQ(!read.violation, one.ok) << one.name << ", RFC " << one.rfc;
    if (!read.violation) continue;
    EXPECT_EQ(read.violation.code, ErrorCode::kProtocolError) << one.name;
    EXPECT_FALSE(read.violation.connection) << one.name;
  }
}

TEST(ReadRequestFields, AnotherExpectationIsTold) {
  const SectionRead read = ReadRequest(SectionGet({{"expect", "200-ok"}}));
  EXPECT_FALSE(read.violation);
  EXPECT_TRUE(read.request.expects_otherwise);
}

TEST(ReadResponseFields, KnowsTheRulesOfTheRfc) {
  const auto status = [](const Fields& fields, bool end_stream = false) {
    Arena arena;
    http::Header header;
    ResponseFields response;
    const std::vector<FieldLine> lines = SectionLines(fields);
    const Violation violation = ReadResponseFields(lines, end_stream, arena, response, header);
    return violation ? -1 : response.status;
  };
  EXPECT_EQ(status({{":status", "200"}}), 200);
  EXPECT_EQ(status({{":status", "200"}}, true), 200);
  EXPECT_EQ(status({{":status", "103"}}), 103);
  EXPECT_EQ(status({{":status", "103"}}, true), -1);  // RFC 9113 §8.1
  EXPECT_EQ(status({{":status", "101"}}), -1);        // RFC 9113 §8.6
  EXPECT_EQ(status({{":status", "999"}}), 999);
  EXPECT_EQ(status({{":status", "99"}}), -1);
  EXPECT_EQ(status({{":status", "099"}}), -1);
  EXPECT_EQ(status({{":status", "2000"}}), -1);
  EXPECT_EQ(status({{":status", "2x0"}}), -1);
  EXPECT_EQ(status({{"x", "y"}}), -1);
  EXPECT_EQ(status({{":status", "200"}, {":path", "/"}}), -1);
  EXPECT_EQ(status({{":status", "200"}, {"connection", "close"}}), -1);
  EXPECT_EQ(status({{":status", "200"}, {"content-length", "5"}}, true), 200);  // an answer to HEAD
}

TEST(ReadTrailerFields, HaveNoPseudoFields) {
  const auto ok = [](const Fields& fields) {
    Arena arena;
    http::Header header;
    const std::vector<FieldLine> lines = SectionLines(fields);
    return !ReadTrailerFields(lines, arena, header);
  };
  EXPECT_TRUE(ok({}));
  EXPECT_TRUE(ok({{"grpc-status", "0"}}));
  EXPECT_FALSE(ok({{":status", "200"}}));
  EXPECT_FALSE(ok({{"grpc-status", "0"}, {":path", "/"}}));
  EXPECT_FALSE(ok({{"Grpc-Status", "0"}}));
  EXPECT_FALSE(ok({{"connection", "close"}}));
}

}  // namespace
}  // namespace hon::h2
