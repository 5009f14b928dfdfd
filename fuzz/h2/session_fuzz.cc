// A session of either role under bytes of every kind: the session ends whole or with a GOAWAY,
// keeps its limits, and gives the same result for every split of the bytes.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/assert.h"
#include "hon/h2/field_section.h"
#include "hon/h2/session.h"

namespace {

using namespace hon;
using namespace hon::h2;

struct Exchange {
  explicit Exchange(io::BlockPool& pool) : stream(pool) {}
  Stream stream;
  FieldBuffer fields;
};

class Owner final : public SessionHandler {
 public:
  explicit Owner(Role role)
      : role_(role), out_(pool_), in_(pool_), session_(role, Limits(), *this, out_) {
    session_.Start(true);
    if (role == Role::kClient) {
      http::Header header;
      for (int i = 0; i < 3; ++i) {
        exchanges_.push_back(std::make_unique<Exchange>(pool_));
        HON_ASSERT(session_.SendRequest(exchanges_.back()->stream, {"POST", "http", "a", "/", ""},
                                        header, i == 0));
        exchanges_.back()->stream.SetUserData(exchanges_.back().get());
        exchanges_.back()->stream.Out().Write("hello");
        session_.SendEnd(exchanges_.back()->stream);
      }
    }
  }
  ~Owner() {
    for (const auto& one : exchanges_) session_.Release(one->stream);
  }

  void Give(std::string_view bytes) {
    in_.Write(bytes);
    Session::Status status;
    do {
      status = session_.Receive(in_, {});
      HON_ASSERT(session_.Streams() <= Limits().streams_max);
      while (session_.Produce(SIZE_MAX)) {
      }
      sent_ += out_.ReadString(out_.Len()).value();
    } while (status == Session::Status::kYield);
    HON_ASSERT((status == Session::Status::kFailed) == static_cast<bool>(session_.Failure()));
  }
  [[nodiscard]] const std::string& Sent() const { return sent_; }

  FieldBuffer& FieldsFor(Stream* stream) override {
    if (stream != nullptr) return static_cast<Exchange*>(stream->UserData())->fields;
    fresh_ = std::make_unique<Exchange>(pool_);
    return fresh_->fields;
  }
  Stream& NewStream() override {
    exchanges_.push_back(std::move(fresh_));
    exchanges_.back()->stream.SetUserData(exchanges_.back().get());
    return exchanges_.back()->stream;
  }
  void OnSection(Stream& stream, FieldBuffer& fields, const SectionInfo& info) override {
    http::Header header;
    Violation violation;
    if (info.trailers) {
      violation = ReadTrailerFields(fields.lines, fields.arena, header);
    } else if (role_ == Role::kClient) {
      ResponseFields response;
      violation = ReadResponseFields(fields.lines, info.end_stream, fields.arena, response, header);
    } else {
      RequestFields request;
      violation = ReadRequestFields(fields.lines, info.end_stream, fields.arena, request, header);
      if (!violation) {
        HON_ASSERT(!request.method.empty() && !request.authority.empty());
        stream.ExpectContent(request.content_length);
        session_.SendResponse(stream, 200, {}, header, false);
        stream.Out().Write("body");
        session_.SendSoon(stream);
      }
    }
    for (const http::Header::Field& field : header) {
      HON_ASSERT(field.value.find_first_of("\r\n") == std::string_view::npos);
      HON_ASSERT(!field.name.empty());
    }
    if (violation) return session_.Reset(stream, violation.code);
    if (role_ == Role::kServer && info.end_stream) session_.SendTrailers(stream, header);
  }
  void OnSectionDropped(FieldBuffer& /*fields*/) override { fresh_.reset(); }
  void OnData(Stream& stream) override {
    const size_t size = stream.In().Len() / 2 + 1;
    const size_t read = std::min(size, stream.In().Len());
    const Error none = stream.In().Skip(read);
    HON_ASSERT(!none);
    session_.Consumed(stream);
    if (stream.InputEnded()) session_.SendEnd(stream);
  }
  void OnReset(Stream& stream, ErrorCode /*code*/, bool /*by_peer*/) override { Let(stream); }
  void OnFramed(Stream& /*stream*/) override {}

 private:
  static SessionLimits Limits() {
    SessionLimits limits;
    limits.streams_max = 8;
    limits.fields = {16, 2048};
    limits.sections_bytes_max = 8192;
    limits.block_bytes_max = 4096;
    limits.reset_credit = 20;
    limits.control_credit = 100;
    return limits;
  }
  void Let(Stream& stream) {
    session_.Release(stream);
    std::erase_if(exchanges_, [&stream](const auto& one) { return &one->stream == &stream; });
  }

  Role role_;
  io::BlockPool pool_;
  io::LinkBuffer out_;
  io::LinkBuffer in_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
  std::unique_ptr<Exchange> fresh_;
  std::string sent_;
  Session session_;
};

}  // namespace

// The first byte: the role, and whether the client's preface comes first; the second: the size of
// the pieces.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const Role role = (data[0] & 1) != 0 ? Role::kClient : Role::kServer;
  std::string bytes;
  if (role == Role::kServer && (data[0] & 2) == 0) bytes += kClientPreface;
  if ((data[0] & 4) == 0) bytes += std::string("\0\0\0\x04\0\0\0\0\0", kFrameHeaderBytes);
  bytes.append(reinterpret_cast<const char*>(data) + 2, size - 2);
  const size_t piece = std::max<size_t>(data[1], 1);
  Owner whole(role);
  whole.Give(bytes);
  Owner parts(role);
  for (size_t at = 0; at < bytes.size(); at += piece) {
    parts.Give(std::string_view(bytes).substr(at, piece));
  }
  return 0;
}
