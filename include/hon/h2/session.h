#pragma once

// An HTTP/2 connection without its socket (RFC 9113): bytes in, events out; calls in, bytes out.
// No I/O, no clock, no fibers. Both roles.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
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
  /// SETTINGS_MAX_CONCURRENT_STREAMS: streams that their owner has not released. A further stream
  /// is refused (REFUSED_STREAM).
  uint32_t streams_max = 100;
  /// Limits of one field section; past them SectionInfo::too_large is set.
  FieldLimits fields;
  /// The limits of FieldLimits for all streams together (a small table entry can stand for a long
  /// field in each stream): past them further streams end with ENHANCE_YOUR_CALM.
  size_t sections_bytes_max = 4 * 1024 * 1024;
  size_t sections_fields_max = 20'000;
  /// Encoded bytes of one field block, and its CONTINUATION frames.
  size_t block_bytes_max = 256 * 1024;
  uint32_t continuations_max = 32;
  /// SETTINGS_HEADER_TABLE_SIZE, and the most that is used of the peer's.
  size_t decoder_table_bytes = HpackDecoder::kTableBytesMax;
  size_t encoder_table_bytes = HpackEncoder::kTableBytesMax;
  /// The initial window of each stream, and the window of a stream that is read as fast as it is
  /// received.
  uint32_t stream_window = kInitialWindow;
  uint32_t stream_window_max = 1024 * 1024;
  /// The window of the connection. Received bytes are credited at once: a stream that is not read
  /// cannot stall the others.
  uint32_t connection_window = 1024 * 1024;
  /// Unread bytes of all streams together, past which no window grows any more.
  size_t unread_bytes_max = 4 * 1024 * 1024;
  /// Credit for frames that cost work and carry nothing (PING, SETTINGS, PRIORITY, empty DATA,
  /// WINDOW_UPDATE, unknown types), and the part of it that returns each second.
  uint32_t control_credit = 1000;
  uint32_t control_credit_per_second = 50;
  /// Credit for streams that end early, by the peer's RST_STREAM or by the peer's fault; each
  /// answered stream gives one back.
  uint32_t reset_credit = 200;
};

/// The memory for the lines of a field section: an owner has one for each exchange.
struct FieldBuffer {
  Arena arena;
  std::vector<FieldLine> lines;

  void Reset() {
    lines.clear();
    arena.Reset();
  }
};

/// The kind and the size of a received field section.
struct SectionInfo {
  bool end_stream = false;
  bool trailers = false;   // behind the head of the request, or of the final answer
  bool too_large = false;  // past FieldLimits: lines are missing
};

/// Events of a Session for its owner, called from inside Receive and Produce. Every call on the
/// session but Receive and Produce is allowed in them.
class SessionHandler {
 public:
  /// Returns the buffer for decoding the next section; `stream` is null when the peer opens one.
  virtual FieldBuffer& FieldsFor(Stream* stream) = 0;
  /// Called in place of FieldsFor for a stream that the peer opens with the field block of the
  /// stream before: the same bytes and END_STREAM flag, with the same meaning. Returns the buffer
  /// of an earlier call for that block, which still has its section and is not decoded into again;
  /// or an empty buffer to decode into. Null: FieldsFor is called.
  virtual FieldBuffer* FieldsOfRepeated() { return nullptr; }
  /// The peer opens a stream (server): returns the owner's Stream for it, which is in use until
  /// Session::Release.
  virtual Stream& NewStream() = 0;
  /// A section has been decoded into the buffer of FieldsFor.
  virtual void OnSection(Stream& stream, FieldBuffer& fields, const SectionInfo& info) = 0;
  /// A frame of the peer's for a stream that has ended, or is refused, was answered with
  /// RST_STREAM.
  virtual void OnRefused([[maybe_unused]] ErrorCode code) {}
  /// The buffer of FieldsFor for a new stream is not used: the section was refused.
  virtual void OnSectionDropped(FieldBuffer& fields) = 0;
  /// Stream::In() has grown, or InputEnded() became true without a section of trailers.
  virtual void OnData(Stream& stream) = 0;
  /// The stream has ended early, by the peer or by a violation that this side answers with
  /// RST_STREAM: nothing more is sent or received on it.
  virtual void OnReset(Stream& stream, ErrorCode code, bool by_peer) = 0;
  /// Bytes of Stream::Out() have gone into frames.
  virtual void OnFramed(Stream& stream) = 0;
  /// END_STREAM is in `out`: nothing more is sent on the stream.
  virtual void OnSent([[maybe_unused]] Stream& stream) {}
  /// GOAWAY of the peer: our streams above `last_stream` were not processed.
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
  /// `out` receives the output; its owner sends it, and calls Receive only while `out` is bounded.
  /// `handler` and `out` outlive the session.
  Session(Role role, const SessionLimits& limits, SessionHandler& handler, io::LinkBuffer& out);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Writes this side's SETTINGS, for a client behind the preface. `connect_protocol`: extended
  /// CONNECT is accepted (RFC 8441).
  void Start(bool connect_protocol);

  enum class Status : uint8_t {
    kMore,    // all whole frames were processed
    kYield,   // kFramesPerCallMax frames were processed: call again after other connections had
              // their turn
    kPaused,  // a callback has called PauseReceive: call ResumeReceive
    kFailed,  // GOAWAY is in `out`; nothing further is processed
  };
  /// Frames processed in one call.
  static constexpr size_t kFramesPerCallMax = 64;
  /// The most WINDOW_UPDATE frames that cost a peer none of `control_credit`: one for each KiB of
  /// DATA sent.
  static constexpr uint32_t kUpdatesDueMax = 65'536;
  /// Consumes frames from `in`. DATA is passed on in parts, every other frame when it is whole.
  /// `now` only lets credit return.
  Status Receive(io::LinkBuffer& in, TimePoint now);
  /// Called in a callback of Receive or ResumeReceive: makes that call return behind the frame that
  /// is processed.
  void PauseReceive() { paused_ = true; }
  /// Processes the rest of the frames of a call of Receive that returned kPaused.
  Status ResumeReceive(io::LinkBuffer& in);
  /// The reason, after kFailed.
  [[nodiscard]] const Violation& Failure() const { return failure_; }

  /// Moves DATA of streams into `out` until that holds `out_bytes_max`, the windows are empty or no
  /// data is left: the most urgent streams first. Returns true when `out` had no room for the rest.
  bool Produce(size_t out_bytes_max);

  // Calls of an owner on its streams. A stream that is reset or closed ignores them.

  /// Sends an answer's head: `status`, and the fields of `header` as they are. `end_stream`: no
  /// body follows. Fields of a connection and those with http::TrailerPrefix are left out. `extra`
  /// precedes the Header's fields.
  struct ExtraField {
    http::HeaderId id;
    std::string_view value;
  };
  void SendResponse(Stream& stream, int status, std::span<const ExtraField> extra,
                    const http::Header& header, bool end_stream);
  /// SendResponse and SendEnd with a short `body` between them, in one piece where no more urgent
  /// stream waits for Produce.
  void SendAnswer(Stream& stream, int status, std::span<const ExtraField> extra,
                  const http::Header& header, std::string_view body);
  /// Opens a stream with a request (client). Returns false when the peer allows no more streams, or
  /// the identifiers are used up. `authority` is sent unless it is empty, and so are scheme, path
  /// and protocol.
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
  /// Has END_STREAM follow the content of Out(): at once where one frame takes that, and no other
  /// stream waits for Produce, or only ones that are no more urgent than this stream's short rest.
  void SendEnd(Stream& stream);
  /// Has a section of trailers, which ends the stream, follow the content of Out().
  void SendTrailers(Stream& stream, const http::Header& trailers);
  /// Sets the priority, as a Priority field does (RFC 9218 §5).
  void SetPriority(Stream& stream, Priority priority);
  /// Something of In() may have been read: the peer may send as many bytes more.
  void Consumed(Stream& stream);
  /// Ends the stream with RST_STREAM and drops what it holds.
  void Reset(Stream& stream, ErrorCode code);
  /// The same for a fault of the peer's that its owner has found: counted against the peer's
  /// credit, and not told by OnReset.
  void ResetFaulty(Stream& stream, const Violation& violation);
  /// The owner does not use the stream any more; it no longer counts. A stream that is open on the
  /// wire is reset: with NO_ERROR where the answer is complete and only the request is not (RFC
  /// 9113 §8.1), else with CANCEL.
  void Release(Stream& stream);

  // The connection.

  /// GOAWAY of this side: no stream above `last_stream` is served. kStreamIdMax announces the end
  /// (RFC 9113 §6.8).
  void SendGoAway(uint32_t last_stream, ErrorCode code, std::string_view debug = {});
  void SendPing(uint64_t opaque);
  /// There is no connection any more: nothing further is received or written.
  void Abandon();
  /// Whether the peer's SETTINGS allow extended CONNECT (RFC 8441 §3).
  [[nodiscard]] bool PeerAllowsConnectProtocol() const { return peer_.enable_connect_protocol; }
  /// The longest field section that the peer takes, in the bytes of RFC 9113 §6.5.2; UINT32_MAX
  /// when the peer has not said.
  [[nodiscard]] uint32_t PeerSectionBytesMax() const { return peer_.max_header_list_size; }
  /// The highest stream that the peer has opened and this side has processed.
  [[nodiscard]] uint32_t LastPeerStream() const { return last_peer_stream_; }
  /// Refuses streams that the peer opens from now on.
  void RefuseNewStreams() { refuses_streams_ = true; }

  /// Streams that are not released.
  [[nodiscard]] size_t Streams() const { return owned_; }
  /// Whether the peer's preface and its first SETTINGS have not arrived.
  [[nodiscard]] bool AwaitsSettings() const { return !settings_seen_; }
  /// Whether a field block has begun and not ended.
  [[nodiscard]] bool InFieldBlock() const { return block_stream_ != 0; }
  /// Whether streams wait for the peer's WINDOW_UPDATE, or for room in `out`.
  [[nodiscard]] bool HasUnsent() const { return !ready_.Empty(); }
  /// Whether a new stream of this side may be opened (client).
  [[nodiscard]] bool MayOpen() const;

 private:
  struct Frame {
    FrameHeader header;
    std::string_view payload;
  };
  // As in DecodedBlock.
  struct SectionSize {
    size_t fields = 0;
    size_t list_bytes = 0;
    bool too_large = false;
  };
  // The fields of an answer's head, and the field block that they have become.
  struct RepeatableHead {
    static constexpr size_t kFieldsMax = 8;
    static constexpr size_t kValueBytesMax = 192;
    static constexpr size_t kBlockBytesMax = 64;
    static constexpr size_t kFrameBytesMax = kFrameHeaderBytes + kBlockBytesMax;
    struct Field {
      http::HeaderId id = http::HeaderId::kUnknown;
      uint8_t value_bytes = 0;
    };

    uint32_t table_changes = 0;  // of the encoder's table
    int status = 0;              // 0: no head
    uint8_t fields = 0;
    uint8_t block_bytes = 0;
    std::array<Field, kFieldsMax> field;
    std::array<char, kValueBytesMax> values;  // one behind the other
    std::array<char, kBlockBytesMax> block;
  };
  // A field block that opened a stream, and that may open further ones.
  struct RepeatableBlock {
    static constexpr size_t kBytesMax = 160;

    uint32_t table_changes = 0;  // of the decoder's table
    SectionSize section;
    bool ends_stream = false;
    uint32_t size = 0;  // 0: the last block cannot be repeated
    std::array<char, kBytesMax> bytes{};
  };
  // The end of a stream that is not in streams_ any more.
  struct Recent {
    uint32_t id = 0;
    bool reset = false;  // by this side: frames that the peer sent before it knew are ignored
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

  void BeginBlock(const FrameHeader& header, std::string_view fragment, bool depends_on_itself);
  void EndBlock(std::string_view block);
  void DecodeBlock(std::string_view block, bool opens, FieldBuffer* fields);
  [[nodiscard]] bool IsRepeated(std::string_view block) const;
  void NoteBlock(std::string_view block, const DecodedBlock& decoded, uint32_t changes_before);
  [[nodiscard]] Violation JudgeStrayBlock();
  void TakeSection(Stream& stream, FieldBuffer& fields, const DecodedBlock& block);
  void OpenPeerStream(FieldBuffer& fields, const SectionSize& size);
  [[nodiscard]] ErrorCode WhyRefuseStream(const SectionSize& size) const;
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
  [[nodiscard]] Recent* FindRecent(uint32_t id);
  void Move(Stream& stream, StreamEvent event);
  void Begin(Stream& stream, uint32_t id);

  void WriteBlock(uint32_t stream, std::string_view block, bool end_stream);
  void SendAnswerInParts(Stream& stream, int status, std::span<const ExtraField> extra,
                         const http::Header& header, std::string_view body);
  char* CopyHeadOfLast(char* to, uint32_t stream, bool end_stream) const;
  void EncodeHead(uint32_t stream, int status, std::span<const ExtraField> extra,
                  const http::Header& header, bool end_stream);
  [[nodiscard]] bool IsHeadOfLast(int status, std::span<const ExtraField> extra,
                                  const http::Header& header) const;
  void NoteHead(int status, std::span<const ExtraField> extra, const http::Header& header,
                std::string_view block);
  template <class Encode>
  void WriteSection(uint32_t stream, size_t bytes_max, bool end_stream, Encode&& encode);
  [[nodiscard]] bool MayGoNow(const Stream& stream, size_t bytes) const;
  void SendDataOf(Stream& stream);
  void AccountData(Stream& stream, size_t bytes);
  void AppendSharedHeader(const FrameHeader& header);
  void WriteTrailers(Stream& stream);
  void EndOutput(Stream& stream);

  SessionHandler* handler_;
  io::LinkBuffer* out_;
  SessionLimits limits_;
  HpackDecoder decoder_;
  HpackEncoder encoder_;
  StreamMap streams_;
  PriorityQueue ready_;   // streams with DATA that their own windows allow
  io::BlockRef headers_;  // of DATA frames, while Produce has more of them
  Settings peer_;
  Violation failure_;
  SendWindow send_;
  ReceiveWindow receive_;
  Budget control_;
  uint32_t updates_due_ = 0;  // WINDOW_UPDATEs that the DATA sent so far explains
  Budget resets_;
  TimePoint credited_{};
  std::unique_ptr<RepeatableHead> last_head_;    // none before the first that was noted
  std::unique_ptr<RepeatableBlock> last_block_;  // none before the first short one
  std::unique_ptr<std::string> block_;           // fragments of an incomplete field block
  uint32_t block_stream_ = 0;                    // the block's stream; 0: none
  uint32_t continuations_ = 0;                   // of the block
  bool block_ends_stream_ = false;
  bool block_depends_on_itself_ = false;  // by the priority fields of the block's HEADERS
  Role role_;
  bool preface_seen_;
  bool settings_seen_ = false;
  bool refuses_streams_ = false;
  bool goaway_received_ = false;
  bool paused_ = false;
  uint8_t frames_left_ = 0;  // of kFramesPerCallMax
  uint8_t heads_encoded_ = 0;
  uint8_t settings_unacknowledged_ = 0;
  uint8_t next_recent_ = 0;  // in recent_
  uint32_t last_peer_stream_ = 0;
  uint32_t next_stream_ = 1;  // client
  size_t owned_ = 0;
  size_t unread_ = 0;  // bytes in the In() of all streams
  size_t sections_bytes_ = 0;
  size_t sections_fields_ = 0;
  // The DATA frame that is being received: the rest of its content and of its padding.
  uint32_t data_stream_ = 0;
  uint32_t data_content_left_ = 0;
  uint32_t data_padding_left_ = 0;
  bool data_ends_stream_ = false;
  static constexpr size_t kRecentMax = 32;
  std::unique_ptr<std::array<Recent, kRecentMax>> recent_;  // none before the first end of a stream
  // A PRIORITY_UPDATE that came before its stream (RFC 9218 §7.1).
  uint32_t early_priority_stream_ = 0;
  Priority early_priority_;
};

}  // namespace hon::h2
