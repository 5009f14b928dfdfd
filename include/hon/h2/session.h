#pragma once

// An HTTP/2 connection without its socket (RFC 9113): bytes in, events out; calls in, bytes out.
// No I/O, no clock, no fibers. Both roles.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/arena.h"
#include "hon/base/time.h"
#include "hon/h2/budget.h"
#include "hon/h2/field_line.h"
#include "hon/h2/frame.h"
#include "hon/h2/hpack_decoder.h"
#include "hon/h2/hpack_encoder.h"
#include "hon/h2/stream.h"
#include "hon/http/header.h"
#include "hon/io/link_buffer.h"

namespace hon::h2 {

enum class Role : uint8_t { kServer, kClient };

/// Limits on a peer, for one connection. Each has a test at the limit and one past it.
struct SessionLimits {
  /// SETTINGS_MAX_CONCURRENT_STREAMS: streams whose owner has not released them. One more is
  /// refused (REFUSED_STREAM).
  uint32_t streams_max = 100;
  /// Of one field section; past it SectionTooLarge is true for the event.
  FieldLimits fields;
  /// The same of all streams together (a small table entry can stand for a long field in each of
  /// them): past it further streams end with ENHANCE_YOUR_CALM.
  size_t sections_bytes_max = 4 * 1024 * 1024;
  size_t sections_fields_max = 20'000;
  /// Bytes of one field block as it is sent, and its CONTINUATION frames.
  size_t block_bytes_max = 256 * 1024;
  uint32_t continuations_max = 32;
  /// The window of each stream at its beginning, and what a stream grows to that is read as fast as
  /// it comes.
  uint32_t stream_window = kInitialWindow;
  uint32_t stream_window_max = 1024 * 1024;
  /// The window of the connection. What is received is credited at once: no stream that is not read
  /// can stall the others.
  uint32_t connection_window = 1024 * 1024;
  /// Unread bytes of all streams together, past which no window grows any more.
  size_t unread_bytes_max = 4 * 1024 * 1024;
  /// Credit for frames that ask for work and bring nothing (PING, SETTINGS, PRIORITY, empty DATA,
  /// WINDOW_UPDATE, unknown types), and how much of it comes back each second.
  uint32_t control_credit = 1000;
  uint32_t control_credit_per_second = 50;
  /// Credit for streams that end before their time, by the peer's RST_STREAM or by a fault of the
  /// peer's; each stream that is answered gives one back.
  uint32_t reset_credit = 200;
};

/// Where the lines of a field section go: an owner has one for each exchange.
struct FieldBuffer {
  Arena arena;
  std::vector<FieldLine> lines;

  void Reset() {
    lines.clear();
    arena.Reset();
  }
};

/// The place and the size of a field section that was received.
struct SectionInfo {
  bool end_stream = false;
  bool trailers = false;   // behind the head of the request, or of the final answer
  bool too_large = false;  // past FieldLimits: lines are missing
};

/// Events of a Session for its owner, from inside Receive and Produce. Calls on the session are
/// allowed in all of them but Receive and Produce themselves.
class SessionHandler {
 public:
  /// Where the section that follows is to be decoded to; `stream` is null when the peer opens one.
  virtual FieldBuffer& FieldsFor(Stream* stream) = 0;
  /// A stream that the peer opens (server): the owner's Stream for it, taken until
  /// Session::Release.
  virtual Stream& NewStream() = 0;
  /// A section is in the buffer that FieldsFor gave.
  virtual void OnSection(Stream& stream, FieldBuffer& fields, const SectionInfo& info) = 0;
  /// The buffer that FieldsFor gave for a new stream is not used: its section was refused.
  virtual void OnSectionDropped(FieldBuffer& fields) = 0;
  /// Stream::In() has grown, or InputEnded() became true without a section of trailers.
  virtual void OnData(Stream& stream) = 0;
  /// The stream ends early, by the peer or by a violation that this side answers with RST_STREAM:
  /// nothing is sent or received on it any more.
  virtual void OnReset(Stream& stream, ErrorCode code, bool by_peer) = 0;
  /// Bytes of Stream::Out() have gone into frames.
  virtual void OnFramed(Stream& stream) = 0;
  /// END_STREAM is in `out`: nothing is sent on the stream any more.
  virtual void OnSent([[maybe_unused]] Stream& stream) {}
  /// The peer's GOAWAY: of our streams, those above `last_stream` were not looked at.
  virtual void OnGoAway([[maybe_unused]] uint32_t last_stream, [[maybe_unused]] ErrorCode code) {}
  /// The peer has acknowledged a PING of ours.
  virtual void OnPong([[maybe_unused]] uint64_t opaque) {}
  /// The peer's settings have changed.
  virtual void OnSettings() {}

 protected:
  ~SessionHandler() = default;
};

class Session {
 public:
  /// `out` takes what is to be sent; its owner sends it, and calls Receive only while it is
  /// bounded. `handler` and `out` outlive the session.
  Session(Role role, const SessionLimits& limits, SessionHandler& handler, io::LinkBuffer& out);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Writes this side's SETTINGS, a client's behind the preface. `connect_protocol`: extended
  /// CONNECT is taken (RFC 8441).
  void Start(bool connect_protocol);

  enum class Status : uint8_t {
    kMore,    // everything whole was looked at
    kYield,   // kFramesPerCallMax frames were: call again after others had their turn
    kFailed,  // GOAWAY is in `out`; nothing further is looked at
  };
  /// Frames looked at in one call.
  static constexpr size_t kFramesPerCallMax = 64;
  /// Consumes frames from `in`. DATA is handed on as it comes, all else when a frame is whole.
  /// `now` only lets credit come back.
  Status Receive(io::LinkBuffer& in, TimePoint now);
  /// After kFailed: why.
  [[nodiscard]] const Violation& Failure() const { return failure_; }

  /// Moves DATA of streams into `out` until that holds `out_bytes_max`, the windows are empty or
  /// there is nothing more: the most urgent streams first. True when something is left that `out`
  /// had no room for.
  bool Produce(size_t out_bytes_max);

  // Calls of an owner on its streams. A stream that is reset or closed ignores these calls.

  /// Sends an answer's head: `status`, and the fields of `header` as they are. `end_stream`: there
  /// is no body. Fields of a connection and those with http::TrailerPrefix are left out. `extra`
  /// stands in front of the Header's.
  struct ExtraField {
    http::HeaderId id;
    std::string_view value;
  };
  void SendResponse(Stream& stream, int status, std::span<const ExtraField> extra,
                    const http::Header& header, bool end_stream);
  /// Opens a stream with a request (client). False when the peer allows no more streams, or the
  /// identifiers are used up. `authority` is sent unless it is empty, and so are scheme, path and
  /// protocol.
  struct RequestHead {
    std::string_view method;
    std::string_view scheme;
    std::string_view authority;
    std::string_view path;
    std::string_view protocol;
  };
  [[nodiscard]] bool SendRequest(Stream& stream, const RequestHead& head,
                                 const http::Header& header, bool end_stream);
  /// Stream::Out() has grown.
  void SendSoon(Stream& stream);
  /// END_STREAM follows what is in Out().
  void SendEnd(Stream& stream);
  /// A section of trailers that ends the stream follows what is in Out().
  void SendTrailers(Stream& stream, const http::Header& trailers);
  /// As a Priority field says (RFC 9218 §5).
  void SetPriority(Stream& stream, Priority priority);
  /// `bytes` of In() were read: the peer may send as many more.
  void Consumed(Stream& stream, size_t bytes);
  /// Ends the stream with RST_STREAM and drops what it holds.
  void Reset(Stream& stream, ErrorCode code);
  /// The owner has no use for the stream any more, which counts no longer. One that is open on the
  /// wire is reset: with NO_ERROR where the answer is complete and only the request is not (RFC
  /// 9113 §8.1), else with CANCEL.
  void Release(Stream& stream);

  // The connection.

  /// Of this side: no stream above `last_stream` is served. kStreamIdMax announces the end
  /// (RFC 9113 §6.8).
  void SendGoAway(uint32_t last_stream, ErrorCode code, std::string_view debug = {});
  void SendPing(uint64_t opaque);
  /// The highest stream that the peer has opened and this side has looked at.
  [[nodiscard]] uint32_t LastPeerStream() const { return last_peer_stream_; }
  /// Streams that the peer opens from now on are refused.
  void RefuseNewStreams() { refuses_streams_ = true; }

  /// Streams that are not released.
  [[nodiscard]] size_t Streams() const { return owned_; }
  [[nodiscard]] const Settings& PeerSettings() const { return peer_; }
  /// The peer's preface and its first SETTINGS have not come yet.
  [[nodiscard]] bool AwaitsSettings() const { return !settings_seen_; }
  /// SETTINGS of this side that the peer has not acknowledged.
  [[nodiscard]] bool AwaitsSettingsAck() const { return settings_unacknowledged_ != 0; }
  /// A field block has begun and not ended.
  [[nodiscard]] bool InFieldBlock() const { return block_stream_ != 0; }
  /// Streams wait for the peer's WINDOW_UPDATE, or for room in `out`.
  [[nodiscard]] bool HasUnsent() const { return !ready_.Empty(); }
  /// Whether a new stream of this side may be opened (client).
  [[nodiscard]] bool MayOpen() const;

 private:
  struct Frame {
    FrameHeader header;
    std::string_view payload;
  };
  // The end of a stream that is not in streams_ any more.
  struct Recent {
    uint32_t id = 0;
    bool reset = false;  // by this side: what the peer had sent before it knew is ignored
  };

  [[nodiscard]] bool ReceivePreface(io::LinkBuffer& in);
  [[nodiscard]] bool ReceiveFrame(io::LinkBuffer& in);
  [[nodiscard]] bool ReceiveDataPart(io::LinkBuffer& in);
  [[nodiscard]] Violation JudgeOrder(const FrameHeader& header) const;
  void Handle(const Frame& frame);
  void HandleData(const FrameHeader& header, uint8_t pad_length);
  void HandleHeaders(const Frame& frame);
  void HandleContinuation(const Frame& frame);
  void HandlePriority(const Frame& frame);
  void HandleRstStream(const Frame& frame);
  void HandleSettings(const Frame& frame);
  void HandlePing(const Frame& frame);
  void HandleGoAway(const Frame& frame);
  void HandleWindowUpdate(const Frame& frame);
  void HandlePriorityUpdate(const Frame& frame);

  void EndBlock(std::string_view block);
  [[nodiscard]] Violation JudgeStrayBlock() const;
  void TakeSection(Stream& stream, FieldBuffer& fields, const DecodedBlock& block);
  void OpenPeerStream(FieldBuffer& fields, const DecodedBlock& block);
  [[nodiscard]] ErrorCode WhyRefuseStream(const DecodedBlock& block) const;
  void AppendData(Stream& stream, io::LinkBuffer& in, size_t bytes);
  [[nodiscard]] Violation JudgeContent(const Stream& stream, uint32_t bytes, bool end) const;
  void EndInput(Stream& stream);
  [[nodiscard]] bool IsIdle(uint32_t id) const;

  void Fail(const Violation& violation);
  bool SpendControl(uint32_t cost = 1);
  void SpendReset();
  void RefillCredit(TimePoint now);
  void ResetForViolation(Stream& stream, const Violation& violation);
  void ResetUnknown(uint32_t id, ErrorCode code);
  void Close(Stream& stream, bool reset);
  void DropInput(Stream& stream);
  void NoteRecent(uint32_t id, bool reset);
  [[nodiscard]] const Recent* FindRecent(uint32_t id) const;
  void Move(Stream& stream, StreamEvent event);
  void Begin(Stream& stream, uint32_t id);

  void WriteBlock(uint32_t stream, std::string_view block, bool end_stream);
  template <class Encode>
  void WriteSection(uint32_t stream, size_t bytes_max, bool end_stream, Encode&& encode);
  void SendDataOf(Stream& stream);
  void WriteTrailers(Stream& stream);
  void EndOutput(Stream& stream);

  SessionHandler* handler_;
  io::LinkBuffer* out_;
  SessionLimits limits_;
  HpackDecoder decoder_;
  HpackEncoder encoder_;
  StreamMap streams_;
  PriorityQueue ready_;  // streams with DATA that their own windows allow
  Settings peer_;
  Violation failure_;
  SendWindow send_;
  ReceiveWindow receive_;
  Budget control_;
  Budget resets_;
  TimePoint credited_{};
  std::string block_;           // fragments of a field block that is not whole
  uint32_t block_stream_ = 0;   // whose it is; 0: none
  uint32_t continuations_ = 0;  // of it
  bool block_ends_stream_ = false;
  bool block_depends_on_itself_ = false;  // by the priority fields of its HEADERS
  Role role_;
  bool preface_seen_;
  bool settings_seen_ = false;
  bool refuses_streams_ = false;
  bool goaway_received_ = false;
  uint8_t settings_unacknowledged_ = 0;
  uint32_t last_peer_stream_ = 0;
  uint32_t next_stream_ = 1;  // client
  size_t owned_ = 0;
  size_t unread_ = 0;  // bytes in the In() of all streams
  size_t sections_bytes_ = 0;
  size_t sections_fields_ = 0;
  // DATA that is being received: what is left of its content and of its padding.
  uint32_t data_stream_ = 0;
  uint32_t data_content_left_ = 0;
  uint32_t data_padding_left_ = 0;
  bool data_ends_stream_ = false;
  std::array<Recent, 32> recent_{};
  size_t next_recent_ = 0;
  // A PRIORITY_UPDATE that came before its stream (RFC 9218 §7.1).
  uint32_t early_priority_stream_ = 0;
  Priority early_priority_;
};

}  // namespace hon::h2
