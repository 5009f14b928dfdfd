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
#include "websocket/message_buffer.h"
#include "websocket/message_reader.h"
#include "websocket/outbox.h"
#include "websocket/prepared.h"

namespace hon::websocket::internal {

/// With more than this unsent, a connection with a handler takes no further messages.
inline constexpr size_t kEventsUnsentBytesMax = 256 * 1024;

/// The half of a Session that its loop alone touches, without a lock; but for what says otherwise,
/// on the loop's thread. Changes of the phase and waits of others are in the session's Outbox,
/// whose mutex is taken for them.
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
  /// Takes what has arrived, as far as somebody wants it.
  void Pump();

  /// Whether a message, or a part of the open one, may be sent now.
  [[nodiscard]] bool HasRoom(bool within_message);
  /// A data frame is under way of which more parts are to come.
  [[nodiscard]] bool InMessage() const { return in_message_; }
  [[nodiscard]] size_t Unsent() const;
  /// Sends a frame, whatever room there is.
  void Send(const Outgoing& frame, std::string_view payload);
  /// Our close frame is sent: the peer has a while to answer it.
  void AwaitPeersClose();
  /// Sends what other threads have put into the outbox.
  void Flush();
  /// Looks how much the socket has left once this turn's output has gone. Any thread, under the
  /// outbox's mutex or on the loop.
  void PostSettle(io::EventConn& conn);
  /// Session::SendPrepared: sends a message that was framed before, or not, as ConnOptions::slow
  /// says. Never waits.
  void SendPrepared(Prepared& message, PreparedBlocks& blocks);
  /// Sends what is there and nothing more, then closes the socket.
  void End(io::ConnClose how) { End(how, nullptr); }

  // io::ConnSink
  void OnOpen(std::unique_ptr<io::EventConn> conn) override;
  void OnInput() override;
  void OnDrained() override;
  void OnDeadline(io::ConnDeadline which) override;
  void OnShutdown() override;
  void OnClosed(const Error& why) override;

 private:
  /// A fiber of this loop that reads. On its stack.
  struct Reading {
    std::string* into;
    bool whole;
    fiber::Fiber* waiter = nullptr;  // null: it does not wait
    bool over = false;               // the result is there, or none will come
    bool done = false;               // the result is there
    ReadResult result{};
  };
  /// How the peer ends the connection, found while a message that came before is still being
  /// answered. kNothing: by its FIN.
  struct PeerEnd {
    Found::Kind kind;
    CloseCode code;
    std::string reason;
  };
  /// The ping timer's knowledge of the peer.
  enum class Liveness : uint8_t {
    kHeard,  // something has come since the timer last went off
    kQuiet,
    kPinged,  // nothing has come since our ping
  };

  // Input: core.cc.
  void BeginEvents();
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
  void Tell(std::string_view callback, Call call);

  // Output: core_output.cc.
  void MoveEntries();
  void EmitEntries(const std::vector<Outbox::Entry>& entries);
  void EmitData(const Outgoing& frame, std::string_view payload);
  void Emit(Opcode opcode, std::string_view payload, bool final = true, bool compressed = false);
  void Sent();
  void Settle();
  std::unique_ptr<Deflater> TakeDeflater();
  [[nodiscard]] const ConnOptions& Options() const;

  Session& session_;
  Outbox& outbox_;
  std::shared_ptr<Session> self_;  // while the connection lives
  std::unique_ptr<io::EventConn> conn_;
  std::thread::id thread_;
  const DeflateParams send_;
  const ReaderOptions reader_options_;
  MessageReader reader_;
  std::unique_ptr<MessageBuffer> message_;  // the part of it that has come, for the handler
  Reading* reading_ = nullptr;
  std::shared_ptr<RemoteReading> remote_reading_;
  /// A message, or the beginning of one, that was taken for a reader who then stopped waiting.
  struct Left {
    std::string data;
    ReadResult result;
  };
  std::unique_ptr<Left> left_;
  std::unique_ptr<PeerEnd> postponed_;
  std::unique_ptr<Deflater> deflater_;  // whose window goes on from message to message
  uint64_t emitted_ = 0;                // bytes of frames so far, about
  uint64_t sent_mark_ = 0;              // of them sent when the write deadline was set
  const bool client_;
  bool pumping_ = false;
  bool write_watched_ = false;  // the write deadline is set
  bool paused_ = false;         // the handler gets no messages until the peer has taken more
  bool answering_ = false;      // the reader has got a message, and has not come back for more
  bool in_message_ = false;     // the last data frame was not final
  Liveness liveness_ = Liveness::kQuiet;
};

}  // namespace hon::websocket::internal
