#include "hon/adaptor/head_parser.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <string>

#include "adaptor/head_cases.h"
#include "support/guarded_bytes.h"

namespace hon::adaptor::test {
namespace {

using hon::test::GuardedBytes;

// The result of a parse, as one line.
std::string Summarise(const RequestHead& head, const http::Header& fields) {
  std::string text(head.method);
  text.append(" ").append(head.target).append(" 1.").append(std::to_string(head.minor_version));
  text.append(" host=").append(head.host);
  if (head.chunked) text.append(" chunked");
  if (head.content_length > 0) text.append(" length=" + std::to_string(head.content_length));
  if (head.expect_continue) text.append(" expect");
  if (head.close) text.append(" close");
  for (const http::Header::Field& field : fields) {
    text.append("|").append(field.name).append("=").append(field.value);
    if (field.id != http::FindHeaderId(field.name)) text.append("(wrong id)");
  }
  return text;
}

struct Outcome {
  HeadStatus status = HeadStatus::kIncomplete;
  Refusal refusal = Refusal::kNone;
  std::string summary;
  size_t size = 0;

  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << static_cast<int>(outcome.status) << " refusal " << static_cast<int>(outcome.refusal)
             << " [" << outcome.summary << "] " << outcome.size;
}

// A parse in steps, for bytes that arrive in parts.
class Incremental {
 public:
  explicit Incremental(const HeadParser& parser) : parser_(&parser) {}

  Outcome Feed(std::string_view bytes) {
    const HeadStatus status = parser_->Parse(bytes, scan_, head_, fields_);
    return Result(status);
  }
  Outcome Read(io::LinkBuffer& in) {
    const HeadStatus status = parser_->Read(in, scan_, head_, fields_);
    return Result(status);
  }

 private:
  Outcome Result(HeadStatus status) {
    Outcome outcome{status, Refusal::kNone, "", 0};
    if (status == HeadStatus::kBad) outcome.refusal = head_.refusal;
    if (status != HeadStatus::kDone) {
      EXPECT_TRUE(fields_.Empty());
      return outcome;
    }
    outcome.summary = Summarise(head_, fields_);
    outcome.size = head_.size;
    return outcome;
  }

  const HeadParser* parser_;
  HeadScan scan_;
  RequestHead head_;
  http::Header fields_;
};

Outcome ParseWhole(const HeadParser& parser, std::string_view bytes) {
  return Incremental(parser).Feed(bytes);
}

// Feeds growing prefixes, at each cut and then all; stops where a server would.
Outcome ParseCut(const HeadParser& parser, std::string_view bytes,
                 std::initializer_list<size_t> cuts) {
  Incremental parse(parser);
  for (const size_t cut : cuts) {
    const Outcome outcome = parse.Feed(bytes.substr(0, cut));
    if (outcome.status != HeadStatus::kIncomplete) return outcome;
  }
  return parse.Feed(bytes);
}

class HeadParserTest : public testing::TestWithParam<ScanLevel> {
 protected:
  HeadParser parser_{ParseLimits(), GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Levels, HeadParserTest,
                         testing::ValuesIn(ScanLevels().begin(), ScanLevels().end()));

Outcome Wanted(const HeadCase& c) {
  if (c.refusal != Refusal::kNone) return {HeadStatus::kBad, c.refusal, "", 0};
  size_t begin = 0;
  while (c.wire.substr(begin, 2) == "\r\n") begin += 2;
  return {HeadStatus::kDone, Refusal::kNone, std::string(c.summary),
          c.wire.find("\r\n\r\n", begin) + 4};
}

TEST_P(HeadParserTest, EveryCaseWhole) {
  for (const HeadCase& c : kHeadCases) {
    const GuardedBytes wire(c.wire);
    EXPECT_EQ(ParseWhole(parser_, wire.View()), Wanted(c)) << c.name << " " << c.section;
  }
}

TEST_P(HeadParserTest, EveryCaseAtEveryCut) {
  for (const HeadCase& c : kHeadCases) {
    for (size_t cut = 0; cut <= c.wire.size(); ++cut) {
      EXPECT_EQ(ParseCut(parser_, c.wire, {cut}), Wanted(c)) << c.name << " cut " << cut;
    }
  }
}

TEST_P(HeadParserTest, EveryCaseByteByByte) {
  for (const HeadCase& c : kHeadCases) {
    Incremental parse(parser_);
    Outcome outcome;
    for (size_t size = 1; size <= c.wire.size(); ++size) {
      // A fresh copy each time: nothing may be kept of the bytes themselves.
      const GuardedBytes prefix(c.wire.substr(0, size));
      outcome = parse.Feed(prefix.View());
      if (outcome.status != HeadStatus::kIncomplete) break;
    }
    EXPECT_EQ(outcome, Wanted(c)) << c.name;
  }
}

TEST_P(HeadParserTest, EveryPrefixAloneIsIncompleteOrJudgedAsTheWhole) {
  for (const HeadCase& c : kHeadCases) {
    for (size_t size = 0; size < c.wire.size(); ++size) {
      const GuardedBytes prefix(c.wire.substr(0, size));
      const Outcome outcome = ParseWhole(parser_, prefix.View());
      if (outcome.status == HeadStatus::kIncomplete) continue;
      EXPECT_EQ(outcome, Wanted(c)) << c.name << " size " << size;
    }
  }
}

TEST_P(HeadParserTest, EveryCaseShiftedThroughTheBlocks) {
  // The classes are found 64 bytes at a time: move each delimiter over each place.
  for (const HeadCase& c : kHeadCases) {
    if (c.refusal != Refusal::kNone || c.wire.substr(0, 2) == "\r\n") continue;
    const size_t line = c.wire.find("\r\n") + 2;
    for (size_t shift = 1; shift <= 66; ++shift) {
      const std::string value(shift, 'v');
      std::string wire(c.wire.substr(0, line));
      wire.append("P: ").append(value).append("\r\n").append(c.wire.substr(line));
      const GuardedBytes guarded(wire);
      std::string want(c.summary);
      const size_t fields = std::min(want.find('|'), want.size());
      want.insert(fields, "|P=" + value);
      EXPECT_EQ(ParseWhole(parser_, guarded.View()).summary, want) << c.name << " " << shift;
    }
  }
}

// --- Over a LinkBuffer.

void AppendBlock(io::LinkBuffer& buffer, std::string_view bytes) {
  io::Block* block = buffer.Pool().GetLarge(bytes.size());
  bytes.copy(block->data, bytes.size());
  block->end = static_cast<uint32_t>(bytes.size());
  buffer.Append(block);
}

// The head must lie at the front, in one piece, without the empty lines before it.
void ExpectAtFront(io::LinkBuffer& in, size_t size, std::string_view wire) {
  const size_t begin = wire.find_first_not_of("\r\n");
  ASSERT_GE(in.Front().size(), size);
  EXPECT_EQ(in.Front().substr(0, size), wire.substr(begin, size));
}

TEST_P(HeadParserTest, BlocksCutAnywhereGiveTheSame) {
  for (const HeadCase& c : kHeadCases) {
    Outcome want = Wanted(c);
    for (size_t skip = 0; want.status == HeadStatus::kDone && c.wire.substr(skip, 2) == "\r\n";
         skip += 2) {
      want.size -= 2;
    }
    for (size_t cut = 0; cut <= c.wire.size(); ++cut) {
      io::BlockPool pool;
      io::LinkBuffer in(pool);
      Incremental parse(parser_);
      if (cut != 0) AppendBlock(in, c.wire.substr(0, cut));
      Outcome outcome = parse.Read(in);
      if (outcome.status == HeadStatus::kIncomplete && cut != c.wire.size()) {
        AppendBlock(in, c.wire.substr(cut));
        outcome = parse.Read(in);
      }
      EXPECT_EQ(outcome, want) << c.name << " cut " << cut;
      if (outcome.status == HeadStatus::kDone) ExpectAtFront(in, outcome.size, c.wire);
    }
  }
}

TEST_P(HeadParserTest, ABlockForEachByteGivesTheSame) {
  for (const HeadCase& c : kHeadCases) {
    io::BlockPool pool;
    io::LinkBuffer in(pool);
    Incremental parse(parser_);
    Outcome outcome;
    for (const char& byte : c.wire) {
      AppendBlock(in, {&byte, 1});
      outcome = parse.Read(in);
      if (outcome.status != HeadStatus::kIncomplete) break;
    }
    const Outcome want = Wanted(c);
    EXPECT_EQ(outcome.status, want.status) << c.name;
    EXPECT_EQ(outcome.refusal, want.refusal) << c.name;
    EXPECT_EQ(outcome.summary, want.summary) << c.name;
  }
}

std::string LongHead(size_t fields, size_t value_bytes) {
  std::string wire = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (size_t i = 0; i < fields; ++i) {
    wire.append("X-" + std::to_string(i) + ": ").append(value_bytes, 'v').append("\r\n");
  }
  return wire + "\r\n";
}

TEST_P(HeadParserTest, LongHeadsInManyBlocks) {
  const std::string good = LongHead(50, 2000);
  std::string bad = good;
  bad.replace(bad.find("X-40: "), 6, "X 40: ");
  const Outcome want = ParseWhole(parser_, good);
  ASSERT_EQ(want.status, HeadStatus::kDone);
  for (const size_t step : {size_t{997}, size_t{16320}, size_t{20000}, good.size()}) {
    for (const std::string& wire : {good + "rest", bad}) {
      io::BlockPool pool;
      io::LinkBuffer in(pool);
      Incremental parse(parser_);
      Outcome outcome;
      for (size_t at = 0; at < wire.size() && outcome.status == HeadStatus::kIncomplete;
           at += step) {
        AppendBlock(in, std::string_view(wire).substr(at, step));
        outcome = parse.Read(in);
      }
      if (wire == bad) {
        EXPECT_EQ(outcome.refusal, Refusal::kInvalidHeaderName) << step;
      } else {
        EXPECT_EQ(outcome, want) << step;
        ExpectAtFront(in, outcome.size, wire);
      }
    }
  }
}

TEST_P(HeadParserTest, BareLineFeedsEndAHeadInManyBlocksToo) {
  std::string wire = "GET / HTTP/1.1\n";
  while (wire.size() < 40000) wire.append("X: 1\n");
  wire.append("\n");
  io::BlockPool pool;
  io::LinkBuffer in(pool);
  Incremental parse(parser_);
  for (size_t at = 0; at < wire.size(); at += 9000) {
    AppendBlock(in, std::string_view(wire).substr(at, 9000));
  }
  EXPECT_EQ(parse.Read(in).refusal, Refusal::kBadRequest);
}

// --- Limits.

TEST_P(HeadParserTest, HeadBytesAtTheLimitAndOneMore) {
  const std::string wire = LongHead(3, 50);
  for (const auto& [limit, want] :
       {std::pair{wire.size(), HeadStatus::kDone}, std::pair{wire.size() - 1, HeadStatus::kBad}}) {
    const HeadParser parser({.head_bytes_max = limit}, GetParam());
    const Outcome whole = ParseWhole(parser, wire + "more");
    EXPECT_EQ(whole.status, want);
    if (want == HeadStatus::kBad) {
      EXPECT_EQ(whole.refusal, Refusal::kHeadTooLarge);
    }
    Incremental parse(parser);
    Outcome outcome;
    for (size_t size = 1; size <= wire.size() && outcome.status == HeadStatus::kIncomplete;
         ++size) {
      outcome = parse.Feed(std::string_view(wire).substr(0, size));
    }
    EXPECT_EQ(outcome, whole);
  }
}

TEST_P(HeadParserTest, TheDefaultLimitHoldsOverBlocks) {
  // Contract W26: exactly 1 MiB + 4096 passes.
  const ParseLimits limits;
  ASSERT_EQ(limits.head_bytes_max, 1024U * 1024 + 4096);
  std::string wire = LongHead(100, 10000);
  for (const size_t extra : {size_t{0}, size_t{1}}) {
    std::string padded = wire.substr(0, wire.size() - 2);
    padded.append("Pad: ")
        .append(limits.head_bytes_max + extra - padded.size() - 4, 'p')
        .append("\r\n\r\n");
    ASSERT_EQ(padded.size(), limits.head_bytes_max + extra);
    io::BlockPool pool;
    io::LinkBuffer in(pool);
    Incremental parse(parser_);
    Outcome outcome;
    for (size_t at = 0; at < padded.size() && outcome.status == HeadStatus::kIncomplete;
         at += 16000) {
      AppendBlock(in, std::string_view(padded).substr(at, 16000));
      outcome = parse.Read(in);
    }
    EXPECT_EQ(outcome.status, extra == 0 ? HeadStatus::kDone : HeadStatus::kBad);
    if (extra != 0) {
      EXPECT_EQ(outcome.refusal, Refusal::kHeadTooLarge);
    }
    EXPECT_EQ(ParseWhole(parser_, padded).status, outcome.status);
  }
}

TEST_P(HeadParserTest, ALongRequestLineIs431Too) {
  const HeadParser parser({.head_bytes_max = 1000}, GetParam());
  const std::string wire = "GET /" + std::string(2000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(ParseWhole(parser, wire).refusal, Refusal::kHeadTooLarge);
}

TEST_P(HeadParserTest, FieldsAtTheLimitAndOneMore) {
  const HeadParser parser({.fields_max = 11}, GetParam());
  EXPECT_EQ(ParseWhole(parser, LongHead(10, 1)).status, HeadStatus::kDone);  // and Host
  const Outcome more = ParseWhole(parser, LongHead(11, 1));
  EXPECT_EQ(more.refusal, Refusal::kHeadTooLarge);
  EXPECT_EQ(HeadParser().Limits().fields_max, 500U);
}

TEST_P(HeadParserTest, NoLimitIsLargerThanTheCeiling) {
  const HeadParser parser({.head_bytes_max = SIZE_MAX}, GetParam());
  EXPECT_EQ(parser.Limits().head_bytes_max, kHeadBytesCeiling);
}

TEST(HeadParser, AHeadThatComesByteByByteIsNotQuadratic) {
  // 200,000 calls over a head of 200,000 bytes: quadratic work would take minutes.
  const HeadParser parser({.fields_max = 100000});
  std::string wire = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  wire.append(100000, 'v').append("\r\n");
  while (wire.size() < 200000) wire.append("Y: 1\r\n");
  wire.append("\r\n");
  const auto start = std::chrono::steady_clock::now();
  Incremental parse(parser);
  Outcome outcome;
  for (size_t size = 1; size <= wire.size(); ++size) {
    outcome = parse.Feed(std::string_view(wire).substr(0, size));
    if (outcome.status != HeadStatus::kIncomplete) break;
  }
  EXPECT_EQ(outcome.status, HeadStatus::kDone);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

// Hosts are checked eight bytes at a time; each byte must count at every position.
TEST(HeadParser, EveryByteOfAHostCounts) {
  const std::string_view allowed =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!$&()*+,-.;='_~";
  for (const size_t size : {1U, 7U, 8U, 9U, 15U, 16U, 17U, 24U}) {
    for (size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string host(size, 'h');
        host[at] = static_cast<char>(byte);
        const bool empty_port = byte == ':' && at + 1 == size && at != 0;
        const bool valid = empty_port || allowed.find(host[at]) != std::string_view::npos;
        ASSERT_EQ(IsValidHost(host), valid) << size << " " << at << " " << byte;
        ASSERT_EQ(IsValidHost(host + ":80"), valid && !empty_port) << size << " " << at << byte;
      }
    }
  }
}

TEST(HeadParser, RealHeadsParse) {
  const HeadParser parser;
  for (const char* name :
       {"chrome", "firefox", "safari", "curl", "wrk", "go", "python_requests", "python_http_client",
        "node_fetch", "ab", "k6", "nginx_proxy", "api_post", "many_cookies"}) {
    std::ifstream file(std::string(HON_CORPUS_DIR) + "/heads/" + name + ".http", std::ios::binary);
    ASSERT_TRUE(file) << name;
    std::stringstream text;
    text << file.rdbuf();
    const Outcome outcome = ParseWhole(parser, text.str());
    EXPECT_EQ(outcome.status, HeadStatus::kDone) << name;
    EXPECT_EQ(outcome.size, text.str().size()) << name;
  }
}

}  // namespace
}  // namespace hon::adaptor::test
