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

/// The state that the sessions of one Upgrader, or one Dial, share.
struct SessionSetup {
  ConnOptions options;
  std::shared_ptr<internal::DeflatePool> pool;
};

/// The parameters of a new session.
struct SessionStart {
  std::shared_ptr<const SessionSetup> setup;
  internal::DeflateTerms deflate;
  std::shared_ptr<EventHandler> handler;  // null: messages are read in a loop
  bool client = false;
  std::string subprotocol{};
  std::string remote_addr{};
};

/// With more than this unsent, a connection with a handler reads no further messages.
inline constexpr size_t kEventsUnsentBytesMax = 256 * 1024;

/// The life of one connection. A session belongs to its loop, where it parses input, and lives
/// until the connection has ended and no handle on it is left.
///
/// The members that other threads use are guarded by one mutex, which is never held across a wait
/// or a callback of the program. Frames of other threads are built there and moved to the loop by a
/// posted call.
class Session final : public io::ConnSink, public std::enable_shared_from_this<Session> {
 public:
  explicit Session(SessionStart start);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // For handles, from any thread.

  void AddHandle() { handles_.fetch_add(1, std::memory_order_relaxed); }
  void DropHandle();

  /// Appends to `into` the next whole message (`whole`), or a part of the current or next one.
  struct ReadResult {
    MessageType type = MessageType::kText;
    bool final = false;
  };
  Result<ReadResult> Read(std::string& into, bool whole);
  /// Drops the rest of a message, without waiting for it.
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

  /// Runs `function` on the loop; returns false when the connection has ended.
  bool Post(std::function<void()> function);
  /// The loop of the session; null when the connection has ended.
  [[nodiscard]] const void* LoopId();
  /// On the loop: sends a prepared message, or treats it by ConnOptions::slow. Never waits.
  void SendPrepared(internal::Prepared& message, internal::PreparedBlocks& blocks);
  /// On the loop: calls `on_closed` once when the connection ends. Returns false when it has ended.
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
    kClosing,  // our close frame is sent; messages are dropped until the peer's close frame
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

  // Fixed members.
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

  // Members of the loop.
  std::shared_ptr<Session> self_;  // while the connection lives
  internal::MessageReader reader_;
  std::unique_ptr<internal::MessageBuffer> message_;  // the received part of a message for the
                                                      // handler
  uint64_t sent_mark_ = 0;
  bool pumping_ = false;
  bool heard_ = false;  // bytes came since the ping timer last fired
  bool awaits_pong_ = false;
  bool write_watched_ = false;
  bool paused_ = false;  // the handler gets no messages until the peer has taken more output
  // The peer's end of the connection, found while an earlier message is still being answered.
  // kNothing: by its FIN.
  struct PeerEnd {
    internal::Found::Kind kind;
    CloseCode code;
    std::string reason;
  };
  std::unique_ptr<PeerEnd> postponed_;

  // Guarded by the mutex. `conn_` is made and destroyed on the loop.
  std::mutex mutex_;
  std::unique_ptr<io::EventConn> conn_;
  std::unique_ptr<std::string> pending_;  // frames that are not in Out() yet
  uint64_t emitted_ = 0;
  size_t out_seen_ = 0;  // bytes in Out() at the loop's last check
  Reading* reading_ = nullptr;
  bool answering_ = false;     // the reader has a message, and has not asked for the next one
  bool skip_message_ = false;  // its reader was destroyed: the rest is dropped
  internal::WaitList changed_;
  std::atomic<Phase> phase_{Phase::kOpen};  // changed with the mutex held
  bool flush_posted_ = false;
  bool settle_posted_ = false;
  bool message_open_ = false;  // an OutgoingMessage is in progress
  bool message_begun_ = false;
  bool message_deflated_ = false;
  bool peer_said_ = false;  // status_ is from the peer's close frame
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
