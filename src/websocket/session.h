#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "hon/appcontext/context.h"
#include "hon/io/event_conn.h"
#include "hon/websocket/conn.h"
#include "hon/websocket/options.h"
#include "websocket/extension.h"
#include "websocket/message_buffer.h"
#include "websocket/message_reader.h"
#include "websocket/prepared.h"
#include "websocket/wait_list.h"

namespace hon::websocket {

/// What the sessions of one Upgrader, or one Dial, share.
struct SessionSetup {
  ConnOptions options;
  std::shared_ptr<internal::DeflatePool> pool;
};

/// How a session begins.
struct SessionStart {
  std::shared_ptr<const SessionSetup> setup;
  internal::DeflateTerms deflate;
  std::shared_ptr<EventHandler> handler;  // null: it is read in a loop
  bool client = false;
  std::string subprotocol{};
  std::string remote_addr{};
};

/// With more than this unsent, a connection with a handler takes no further messages.
inline constexpr size_t kEventsUnsentBytesMax = 256 * 1024;

/// One connection's life. It belongs to its loop, where it takes input apart, and lives until the
/// connection has ended and nobody has a handle on it.
///
/// What other threads see is under one mutex, which is never held across a wait or a call of the
/// program's. Frames of other threads are put together there and moved to the loop by a posted
/// call.
class Session final : public io::ConnSink, public std::enable_shared_from_this<Session> {
 public:
  explicit Session(SessionStart start);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // For handles, from any thread.

  void AddHandle() { handles_.fetch_add(1, std::memory_order_relaxed); }
  void DropHandle();

  /// Appends to `into` the next whole message (`whole`), or some of the current or next one.
  struct ReadResult {
    MessageType type = MessageType::kText;
    bool final = false;
  };
  Result<ReadResult> Read(std::string& into, bool whole);
  /// Takes and drops the rest of a message, without waiting for it.
  void SkipMessage();

  Error Write(MessageType type, std::string_view data);
  Error BeginMessage(MessageType type);
  Error AddToMessage(std::string_view data, bool final);
  void AbandonMessage();
  Error Ping(std::string_view payload);
  Error Close(CloseCode code, std::string_view reason);
  Error Wait();

  [[nodiscard]] appcontext::Context Context();
  [[nodiscard]] CloseStatus Status();
  [[nodiscard]] size_t Unsent();
  [[nodiscard]] std::string_view Subprotocol() const {
    return {names_.get() + remote_addr_size_, subprotocol_size_};
  }
  [[nodiscard]] std::string_view RemoteAddr() const { return {names_.get(), remote_addr_size_}; }
  [[nodiscard]] bool Compressed() const { return deflate_; }
  [[nodiscard]] std::shared_ptr<void>& Data() { return data_; }

  // For a hub.

  /// Runs `function` on the loop; false when the connection has ended.
  bool Post(std::function<void()> function);
  /// Which loop it lives on; null when the connection has ended.
  [[nodiscard]] const void* LoopId();
  /// On the loop: sends a message that was framed before, or not, as ConnOptions::slow says. Never
  /// waits.
  void SendPrepared(internal::Prepared& message, internal::PreparedBlocks& blocks);
  /// On the loop: has `on_closed` called once when the connection ends. False when it has.
  bool OnEnd(const void* key, std::function<void()> on_closed);
  void ForgetEnd(const void* key);

  // io::ConnSink
  void OnOpen(std::unique_ptr<io::EventConn> conn) override;
  void OnInput() override;
  void OnDrained() override;
  void OnDeadline(io::ConnDeadline which) override;
  void OnShutdown() override;
  void OnClosed(const Error& why) override;

 private:
  enum class Phase : uint8_t {
    kOpen,
    kClosing,  // our close frame is sent; data is dropped until the peer's comes
    kEnding,   // nothing more is read or written; the socket closes
    kClosed,
  };
  struct Reading {
    std::string* into;
    bool whole;
    bool done = false;
    ReadResult result{};
  };
  using Lock = std::unique_lock<std::mutex>;

  // Input, on the loop.
  void Pump();
  [[nodiscard]] bool WantsMessages();
  void Handle(const internal::Found& found);
  void TakePiece(const internal::Found& found);
  void AnswerPing(std::string_view payload);
  void PeerEnds(const internal::Found& found);
  [[nodiscard]] bool Postponed();
  void FinishPostponed();
  void End(io::ConnClose how);
  template <class Call>
  void Tell(Call call);

  // Output, under the mutex.
  [[nodiscard]] bool OnLoop() const { return conn_ != nullptr && conn_->InLoop(); }
  void Emit(internal::Opcode opcode, std::string_view payload, bool final = true,
            bool compressed = false);
  void EmitClose(CloseCode code, std::string_view reason);
  void MovePending();
  void Sent();
  void PostFlush();
  void Flush();
  void PostSettle();
  void Settle();
  [[nodiscard]] size_t UnsentNow() const;
  Error AwaitRoom(Lock& lock, bool within_message = false);
  [[nodiscard]] Error WhyClosed() const;
  [[nodiscard]] CloseStatus StatusNow() const;
  [[nodiscard]] size_t PendingBytes() const { return pending_ == nullptr ? 0 : pending_->size(); }
  std::unique_ptr<internal::Deflater> TakeDeflater();
  void ReturnDeflater(std::unique_ptr<internal::Deflater> deflater);
  [[nodiscard]] bool Worthwhile(size_t bytes) const;

  // What it is made of.
  std::shared_ptr<const SessionSetup> setup_;
  std::shared_ptr<EventHandler> handler_;
  std::unique_ptr<char[]> names_;  // the peer's address, then the subprotocol
  std::shared_ptr<void> data_;
  internal::DeflateParams send_;
  internal::ReaderOptions reader_options_;
  std::atomic<uint32_t> handles_{0};
  const uint16_t remote_addr_size_;
  const uint16_t subprotocol_size_;
  const bool client_;
  const bool deflate_;

  // The loop's.
  std::shared_ptr<Session> self_;  // while the connection lives
  internal::MessageReader reader_;
  std::unique_ptr<internal::MessageBuffer> message_;  // what has come of it, for the handler
  uint64_t sent_mark_ = 0;
  bool pumping_ = false;
  bool heard_ = false;  // since the ping timer last went off
  bool awaits_pong_ = false;
  bool write_watched_ = false;
  bool paused_ = false;  // the handler gets no messages until the peer has taken more
  // How the peer ends it, found while a message that came before is still being answered. kNothing:
  // by its FIN.
  struct PeerEnd {
    internal::Found::Kind kind;
    CloseCode code;
    std::string reason;
  };
  std::unique_ptr<PeerEnd> postponed_;

  // Under the mutex. `conn_` is made and destroyed on the loop.
  std::mutex mutex_;
  std::unique_ptr<io::EventConn> conn_;
  std::unique_ptr<std::string> pending_;  // frames that are not in Out() yet
  uint64_t emitted_ = 0;
  size_t out_seen_ = 0;  // bytes in Out() when the loop last looked
  Reading* reading_ = nullptr;
  bool answering_ = false;     // the reader has got a message, and has not come back for more
  bool skip_message_ = false;  // its reader has gone: what is still to come of it is dropped
  internal::WaitList changed_;
  std::atomic<Phase> phase_{Phase::kOpen};  // changed under the mutex
  bool flush_posted_ = false;
  bool settle_posted_ = false;
  bool message_open_ = false;  // an OutgoingMessage is under way
  bool message_begun_ = false;
  bool message_deflated_ = false;
  bool peer_said_ = false;  // status_ is what the peer's close frame says
  MessageType message_type_ = MessageType::kText;
  internal::Utf8Checker message_utf8_;
  std::unique_ptr<internal::Deflater> deflater_;
  std::unique_ptr<CloseStatus> status_;  // null: without a closing handshake
  std::unique_ptr<appcontext::Cancelable> context_;
  struct EndCall {
    const void* key;
    std::function<void()> call;
  };
  std::unique_ptr<std::vector<EndCall>> end_calls_;
};

}  // namespace hon::websocket
