#pragma once

// A Session with an owner that records its callbacks, and writers of raw frames.

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "h2/bytes.h"
#include "hon/h2/field_section.h"
#include "hon/h2/session.h"

namespace hon::h2::testing {

inline constexpr FrameType kData = FrameType::kData;
inline constexpr FrameType kHeaders = FrameType::kHeaders;
inline constexpr FrameType kContinuation = FrameType::kContinuation;

inline std::string RawFrame(FrameType type, uint8_t flags, uint32_t stream,
                            std::string_view payload = {}) {
  std::string frame(kFrameHeaderBytes, '\0');
  WriteFrameHeader(frame.data(), {static_cast<uint32_t>(payload.size()), type, flags, stream});
  return frame.append(payload);
}

inline std::string Uint32(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

/// "GET / HTTP/2" of http://a: HPACK of the static table and a literal.
inline std::string GetBlock() { return FromHex("82868441") + "\x01" + "a"; }
inline std::string PostBlock() { return FromHex("83868441") + "\x01" + "a"; }

inline std::string GetRequest(uint32_t stream) {
  return RawFrame(FrameType::kHeaders, kFlagEndHeaders | kFlagEndStream, stream, GetBlock());
}
inline std::string PostHead(uint32_t stream) {
  return RawFrame(FrameType::kHeaders, kFlagEndHeaders, stream, PostBlock());
}
inline std::string EmptySettings() { return RawFrame(FrameType::kSettings, 0, 0); }
inline std::string ClientStart() { return std::string(kClientPreface) + EmptySettings(); }

/// One exchange as an owner sees it.
struct Exchange {
  explicit Exchange(io::BlockPool& pool) : stream(pool) {}

  Stream stream;
  FieldBuffer fields;
  uint32_t id = 0;
  std::string method, path, authority;
  int status = 0;
  int informational = 0;
  std::string body;    // received
  bool reads = true;   // reads data when it arrives
  bool ended = false;  // the peer's side
  bool sent = false;   // this side's
  bool too_large = false;
  std::optional<ErrorCode> reset;
  bool reset_by_peer = false;
  std::map<std::string, std::string> header, trailer;
};

/// Owns a session of either role. A server's exchanges answer only when a test says so.
class Owner final : public SessionHandler {
 public:
  explicit Owner(Role role, const SessionLimits& limits = {}, bool start = true)
      : role_(role), out_(pool_), in_(pool_), session_(role, limits, *this, out_) {
    if (start) session_.Start(false);
  }
  ~Owner() { Clear(); }

  [[nodiscard]] Session& GetSession() { return session_; }
  [[nodiscard]] io::BlockPool& Blocks() { return pool_; }
  /// All bytes that the session has written since the last call, DATA included.
  std::string Take() {
    while (session_.Produce(SIZE_MAX)) {
    }
    return out_.ReadString(out_.Len()).value();
  }
  Session::Status Give(std::string_view bytes, TimePoint now = TimePoint(std::chrono::hours(1))) {
    in_.Write(bytes);
    Session::Status status;
    do {
      status = session_.Receive(in_, now);
      // No exchange is kept that a test has released.
    } while (status == Session::Status::kYield);
    return status;
  }
  [[nodiscard]] size_t Unconsumed() const { return in_.Len(); }

  /// The exchange of stream `id`, or null.
  [[nodiscard]] Exchange* Find(uint32_t id) {
    for (const auto& one : exchanges_) {
      if (one->id == id) return one.get();
    }
    return nullptr;
  }
  [[nodiscard]] size_t Count() const { return exchanges_.size(); }
  /// The owner releases the stream.
  void Release(uint32_t id) {
    for (auto at = exchanges_.begin(); at != exchanges_.end(); ++at) {
      if ((*at)->id != id) continue;
      session_.Release((*at)->stream);
      exchanges_.erase(at);
      return;
    }
  }
  void Clear() {
    for (const auto& one : exchanges_) session_.Release(one->stream);
    exchanges_.clear();
  }

  void Answer(uint32_t id, int status, std::string_view body) {
    Exchange& exchange = *Find(id);
    http::Header header;
    header.Set("Content-Length", std::to_string(body.size()));
    session_.SendResponse(exchange.stream, status, {}, header, body.empty());
    if (body.empty()) return;
    exchange.stream.Out().Write(body);
    session_.SendEnd(exchange.stream);
  }
  Exchange& Ask(const Session::RequestHead& head, std::string_view body = {},
                const http::Header& header = {}) {
    exchanges_.push_back(std::make_unique<Exchange>(pool_));
    Exchange& exchange = *exchanges_.back();
    exchange.stream.SetUserData(&exchange);
    opened_ = session_.SendRequest(exchange.stream, head, header, body.empty());
    if (!opened_) {
      exchanges_.pop_back();
      return none_;
    }
    exchange.id = exchange.stream.Id();
    if (!body.empty()) {
      exchange.stream.Out().Write(body);
      session_.SendEnd(exchange.stream);
    }
    return exchange;
  }
  /// Reads the unread bytes of an exchange, up to `bytes`.
  void Read(Exchange& exchange, size_t bytes = SIZE_MAX) {
    io::LinkBuffer& in = exchange.stream.In();
    const size_t size = std::min(bytes, in.Len());
    exchange.body += in.ReadString(size).value();
    session_.Consumed(exchange.stream);
  }

  // SessionHandler
  FieldBuffer& FieldsFor(Stream* stream) override {
    if (stream != nullptr) return Of(*stream).fields;
    repeated_fields_.Reset();
    fresh_ = std::make_unique<Exchange>(pool_);
    return fresh_->fields;
  }
  FieldBuffer* FieldsOfRepeated() override {
    ++repeated_;
    if (!keeps_repeated_) return nullptr;
    fresh_ = std::make_unique<Exchange>(pool_);
    return &repeated_fields_;
  }
  Stream& NewStream() override {
    exchanges_.push_back(std::move(fresh_));
    Exchange& exchange = *exchanges_.back();
    exchange.stream.SetUserData(&exchange);
    return exchange.stream;
  }
  void OnSection(Stream& stream, FieldBuffer& fields, const SectionInfo& info) override {
    Exchange& exchange = Of(stream);
    exchange.id = stream.Id();
    exchange.too_large |= info.too_large;
    http::Header header;
    Violation violation;
    if (info.trailers) {
      violation = ReadTrailerFields(fields.lines, fields.arena, header);
    } else if (role_ == Role::kServer) {
      RequestFields request;
      violation = ReadRequestFields(fields.lines, info.end_stream, fields.arena, request, header);
      if (!violation) {
        exchange.method = request.method;
        exchange.path = request.path;
        exchange.authority = request.authority;
        stream.ExpectContent(request.content_length);
      }
    } else {
      ResponseFields response;
      violation = ReadResponseFields(fields.lines, info.end_stream, fields.arena, response, header);
      if (response.status < 200) {
        ++exchange.informational;
      } else {
        exchange.status = response.status;
        stream.ExpectContent(response.content_length);
      }
    }
    if (violation) {
      session_.Reset(stream, violation.code);
      exchange.reset = violation.code;
      return;
    }
    auto& into = info.trailers ? exchange.trailer : exchange.header;
    for (const http::Header::Field& field : header) into.emplace(field.name, field.value);
    exchange.ended |= info.end_stream;
  }
  void OnSectionDropped(FieldBuffer& /*fields*/) override {
    ++dropped_;
    fresh_.reset();
  }
  void OnData(Stream& stream) override {
    Exchange& exchange = Of(stream);
    if (exchange.reads) Read(exchange);
    exchange.ended |= stream.InputEnded();
  }
  void OnReset(Stream& stream, ErrorCode code, bool by_peer) override {
    Of(stream).reset = code;
    Of(stream).reset_by_peer = by_peer;
  }
  void OnFramed(Stream& /*stream*/) override { ++framed_; }
  void OnSent(Stream& stream) override { Of(stream).sent = true; }
  void OnGoAway(uint32_t last_stream, ErrorCode code) override {
    goaways_.emplace_back(last_stream, code);
  }
  void OnPong(uint64_t opaque) override { pongs_.push_back(opaque); }

  /// From now on a section whose field block repeats is decoded once.
  void KeepRepeated() { keeps_repeated_ = true; }
  [[nodiscard]] size_t Repeated() const { return repeated_; }
  [[nodiscard]] const auto& GoAways() const { return goaways_; }
  [[nodiscard]] const auto& Pongs() const { return pongs_; }
  [[nodiscard]] size_t Dropped() const { return dropped_; }
  [[nodiscard]] bool Opened() const { return opened_; }

 private:
  static Exchange& Of(Stream& stream) { return *static_cast<Exchange*>(stream.UserData()); }

  Role role_;
  io::BlockPool pool_;
  io::LinkBuffer out_;
  io::LinkBuffer in_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
  std::unique_ptr<Exchange> fresh_;
  Exchange none_{pool_};
  std::vector<std::pair<uint32_t, ErrorCode>> goaways_;
  std::vector<uint64_t> pongs_;
  FieldBuffer repeated_fields_;
  size_t repeated_ = 0;
  bool keeps_repeated_ = false;
  size_t dropped_ = 0;
  size_t framed_ = 0;
  bool opened_ = false;
  Session session_;
};

/// A frame as a test reads it.
struct ReadFrame {
  FrameHeader header;
  std::string payload;
};
inline std::vector<ReadFrame> ReadFrames(std::string_view bytes) {
  std::vector<ReadFrame> frames;
  while (bytes.size() >= kFrameHeaderBytes) {
    const FrameHeader header = ReadFrameHeader(bytes.data());
    frames.push_back({header, std::string(bytes.substr(kFrameHeaderBytes, header.length))});
    bytes.remove_prefix(std::min(bytes.size(), kFrameHeaderBytes + header.length));
  }
  return frames;
}
/// The frames of `type`.
inline std::vector<ReadFrame> ReadFrames(std::string_view bytes, FrameType type) {
  std::vector<ReadFrame> frames = ReadFrames(bytes);
  std::erase_if(frames, [type](const ReadFrame& frame) { return frame.header.type != type; });
  return frames;
}

inline std::string Data(uint32_t stream, std::string_view bytes, uint8_t flags = 0) {
  return RawFrame(FrameType::kData, flags, stream, bytes);
}

/// A server's reaction to `bytes` after a client's preface: "GOAWAY CODE", "RST id CODE", or "".
inline std::string Verdict(std::string_view bytes, const SessionLimits& limits = {}) {
  Owner server(Role::kServer, limits);
  server.Give(ClientStart());
  server.Take();
  server.Give(bytes);
  const std::string out = server.Take();
  for (const auto& frame : ReadFrames(out, FrameType::kGoAway)) {
    const auto code = static_cast<ErrorCode>(ReadUint32(frame.payload.data() + 4));
    return "GOAWAY " + std::string(ErrorCodeName(code));
  }
  for (const auto& frame : ReadFrames(out, FrameType::kRstStream)) {
    const auto code = static_cast<ErrorCode>(ReadUint32(frame.payload.data()));
    return "RST " + std::to_string(frame.header.stream) + " " + std::string(ErrorCodeName(code));
  }
  return "";
}

}  // namespace hon::h2::testing
