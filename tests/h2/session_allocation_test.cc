#include <gtest/gtest.h>

#include <array>

#include "h2/session_fixture.h"
#include "support/allocation_counter.h"

namespace hon::h2 {
namespace {

// An owner with one exchange, which is used repeatedly.
class WarmOwner final : public SessionHandler {
 public:
  explicit WarmOwner(io::BlockPool& pool)
      : out(pool), in(pool), stream(pool), session(Role::kServer, {}, *this, out) {}

  FieldBuffer& FieldsFor(Stream* /*stream*/) override { return fields; }
  Stream& NewStream() override { return stream; }
  void OnSection(Stream& opened, FieldBuffer& section, const SectionInfo& info) override {
    header.Reset();
    RequestFields request;
    ASSERT_FALSE(ReadRequestFields(section.lines, info.end_stream, section.arena, request, header));
    if (info.end_stream) Answer(opened);
  }
  void OnSectionDropped(FieldBuffer& /*fields*/) override { FAIL(); }
  void OnData(Stream& opened) override {
    const size_t size = opened.In().Len();
    ASSERT_FALSE(opened.In().Skip(size));
    session.Consumed(opened);
    if (opened.InputEnded()) Answer(opened);
  }
  void OnReset(Stream& /*stream*/, ErrorCode /*code*/, bool /*by_peer*/) override { FAIL(); }
  void OnFramed(Stream& /*stream*/) override {}
  void OnSent(Stream& sent) override { session.Release(sent); }

  void Answer(Stream& asked) {
    const std::array<Session::ExtraField, 2> extra = {
        Session::ExtraField{http::HeaderId::kContentLength, "13"},
        Session::ExtraField{http::HeaderId::kContentType, "text/plain; charset=utf-8"}};
    session.SendResponse(asked, 200, extra, no_header, false);
    asked.Out().Write("Hello, World!");
    session.SendEnd(asked);
  }
  void Give(std::string_view bytes) {
    in.Write(bytes);
    ASSERT_EQ(session.Receive(in, {}), Session::Status::kMore);
    ASSERT_FALSE(session.Produce(SIZE_MAX));
    ASSERT_FALSE(out.Skip(out.Len()));
  }

  io::LinkBuffer out;
  io::LinkBuffer in;
  Stream stream;
  FieldBuffer fields;
  http::Header header;
  http::Header no_header;
  Session session;
};

TEST(SessionAllocation, AWarmStreamAllocatesNothing) {
  io::BlockPool pool;
  WarmOwner server(pool);
  server.session.Start(false);
  server.Give(testing::ClientStart());
  uint32_t id = 1;
  const auto get = [&] {
    std::array<char, 64> frame;
    const std::string_view block = "\x82\x86\x84\xbe";  // with ":authority" of the table
    WriteFrameHeader(frame.data(), {4, FrameType::kHeaders, 5, id});
    block.copy(frame.data() + kFrameHeaderBytes, block.size());
    server.Give({frame.data(), kFrameHeaderBytes + block.size()});
    id += 2;
  };
  const auto post = [&] {
    std::array<char, 64> frame;
    const std::string_view block = "\x83\x86\x84\xbe";
    WriteFrameHeader(frame.data(), {4, FrameType::kHeaders, 4, id});
    block.copy(frame.data() + kFrameHeaderBytes, block.size());
    server.Give({frame.data(), kFrameHeaderBytes + block.size()});
    WriteFrameHeader(frame.data(), {8, FrameType::kData, 1, id});
    server.Give({frame.data(), kFrameHeaderBytes + 8});
    id += 2;
  };
  server.Give(testing::GetRequest(id));
  id += 2;
  for (int i = 0; i < 4; ++i) {
    get();
    post();
  }
  const size_t before = test::Allocations();
  for (int i = 0; i < 16; ++i) {
    get();
    post();
  }
  EXPECT_EQ(test::Allocations() - before, 0U);
}

}  // namespace
}  // namespace hon::h2
