#pragma once

// The work of one connection on its loop: input, output, timers, the end.

#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "hon/fiber/fiber.h"
#include "hon/io/event_conn.h"
#include "hon/websocket/conn.h"
#include "hon/websocket/options.h"
#include "websocket/extension.h"
#include "websocket/frame_reader.h"
#include "websocket/message_buffer.h"
#include "websocket/outbox.h"
#include "websocket/prepared.h"

namespace hon::websocket::internal {

/// With more than this unsent, a connection with a handler takes no further messages.
inline constexpr size_t kEventsUnsentBytesMax = 256 * 1024;

/// The half of a Session that only its loop uses, without a lock. Called on the loop's thread,
/// unless a call says otherwise. Changes of the phase and waits of other threads are in the
/// session's Outbox, with its mutex held.
class Core final : public io::ConnSink {
 public:
  Core(Session& session, const DeflateTerms& deflate, bool client);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// Whether the calling thread is the loop's. Any thread, once OnOpen was called.
  [[nodiscard]] bool OnLoop() const { return std::this_thread::get_id() == thread_; }
  // Results of the handshake. Any thread.
  [[nodiscard]] bool Compresses() const { return reader_options_.deflate; }
  [[nodiscard]] const DeflateParams& SendParams() const { return send_; }

  /// On a fiber: Session::Read.
  Result<ReadResult> Read(std::string& into, bool whole);
  /// A reader on another thread waits for `reading`.
  void ReadFor(std::shared_ptr<RemoteReading> reading);
  /// Takes the received messages, as far as they are wanted.
  void Pump();

  /// Whether a message, or a part of the open one, may be sent now.
  [[nodiscard]] bool HasRoom(bool within_message);
  /// Whether a data frame was sent of which more parts must follow.
  [[nodiscard]] bool InMessage() const { return in_message_; }
  [[nodiscard]] size_t Unsent() const;
  /// Sends a frame, independent of the room.
  void Send(const Outgoing& frame, std::string_view payload);
  /// Our close frame is sent: limits the wait for the peer's close frame.
  void AwaitPeersClose();
  /// Sends the frames that other threads have put into the outbox.
  void Flush();
  /// Posts a check of how much the socket has left after this turn's output. Any thread, with the
  /// outbox's mutex held or on the loop.
  void PostUnsentCheck(io::EventConn& conn);
  /// Session::SendPrepared: sends a prepared message, or treats it by ConnOptions::slow. Never
  /// waits.
  void SendPrepared(Prepared& message, PreparedBlocks& blocks);
  /// The reader of the last message has answered it: the peer's end is postponed no longer.
  void EndAnswering();
  /// Sends the pending output and nothing more, then closes the socket.
  void End(io::ConnClose how) { End(how, nullptr); }

  // io::ConnSink
  void OnOpen(std::unique_ptr<io::EventConn> conn) override;
  void OnInput() override;
  void OnDrained() override;
  void OnDeadline(io::ConnDeadline which) override;
  void OnShutdown() override;
  void OnClosed(const Error& why) override;

 private:
  /// A reading fiber of this loop. Lives on its stack.
  struct Reading {
    std::string* into;
    bool whole;
    fiber::Fiber* waiter = nullptr;  // null: not waiting
    bool over = false;               // the result is there, or will never be
    bool done = false;               // the result is there
    ReadResult result{};
  };
  /// The peer's end of the connection, found while an earlier message is still being answered.
  /// kNothing: by its FIN.
  struct PeerEnd {
    Found::Kind kind;
    CloseCode code;
    std::string reason;
  };
  /// The ping timer's knowledge of the peer.
  enum class Liveness : uint8_t {
    kHeard,  // bytes came since the timer last fired
    kQuiet,
    kPinged,  // no bytes came since our ping
  };

  // Input: core.cc.
  void BeginEvents();
  void PumpLater();
  [[nodiscard]] bool WantsMessages();
  void Handle(const Found& found);
  void TakePiece(const Found& found);
  void TakePieceForReader(const Found& found);
  void DeliverRemote(const ReadResult& result);
  void DropAbandoned();
  [[nodiscard]] bool TakeLeft(std::string& into, bool whole, ReadResult& result);
  void WakeReader();
  void AnswerPing(std::string_view payload);
  void PeerEnds(const Found& found);
  [[nodiscard]] bool Postponed() const;
  void FinishPostponed();
  void End(io::ConnClose how, const PeerEnd* by_peer);
  void OnPingTimer();
  template <class Call>
  void CallHandler(std::string_view callback, Call call);

  // Output: core_output.cc.
  void MoveEntries();
  void EmitEntries(const std::vector<Outbox::Entry>& entries);
  void EmitData(const Outgoing& frame, std::string_view payload);
  void Emit(Opcode opcode, std::string_view payload, bool final = true, bool compressed = false);
  void Sent();
  void CheckUnsent();
  std::unique_ptr<Deflater> TakeDeflater();
  [[nodiscard]] const ConnOptions& Options() const;
  [[nodiscard]] Outbox& GetOutbox() const;

  Session& session_;
  std::shared_ptr<Session> self_;  // while the connection lives
  std::unique_ptr<io::EventConn> conn_;
  std::thread::id thread_;
  const DeflateParams send_;
  const ReaderOptions reader_options_;
  FrameReader reader_;
  std::unique_ptr<MessageBuffer> message_;  // the received part of a message for the handler
  Reading* reading_ = nullptr;
  std::shared_ptr<RemoteReading> remote_reading_;
  /// A message, or its beginning, that was taken for a reader who has stopped waiting.
  struct Left {
    std::string data;
    ReadResult result;
  };
  std::unique_ptr<Left> left_;
  std::unique_ptr<PeerEnd> postponed_;
  std::unique_ptr<Deflater> deflater_;  // with context takeover
  uint64_t emitted_ = 0;                // approximate number of bytes of frames so far
  uint64_t sent_mark_ = 0;              // bytes sent when the write deadline was set
  const bool client_;
  uint32_t frames_left_ = kFramesPerTurnMax;  // that may be served in this turn
  bool pumping_ = false;
  bool pump_posted_ = false;    // the next turn serves the rest of the input
  bool write_watched_ = false;  // the write deadline is set
  bool paused_ = false;         // the handler gets no messages until the peer has taken more
  bool answering_ = false;      // the reader has got a message, and has not come back for more
  bool in_message_ = false;     // the last data frame was not final
  Liveness liveness_ = Liveness::kQuiet;
};

}  // namespace hon::websocket::internal
