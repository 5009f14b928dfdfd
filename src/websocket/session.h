#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "hon/appcontext/callback_guard.h"
#include "hon/appcontext/context.h"
#include "hon/io/event_conn.h"
#include "hon/websocket/conn.h"
#include "hon/websocket/options.h"
#include "websocket/core.h"
#include "websocket/extension.h"
#include "websocket/outbox.h"
#include "websocket/prepared.h"

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
  std::shared_ptr<ConnHandler> handler;  // null: messages are read in a loop
  bool client = false;
  std::string subprotocol{};
  std::string remote_addr{};
  appcontext::CallbackGuard guard{};  // reports exceptions of the handler
  appcontext::Context shutdown{};     // http::ShutdownContext
};

/// One connection: the calls of its handles, from any thread. On the connection's loop a call goes
/// to the core directly and takes no lock; on other threads it goes through the outbox, with one
/// lock. Lives until the connection has ended and no handle on it is left.
class Session final : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(SessionStart start);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// The sink for the connection, used once.
  [[nodiscard]] io::ConnSink& Sink() { return core_; }

  // Used by handles.

  void AddHandle() { handles_.fetch_add(1, std::memory_order_relaxed); }
  void DropHandle();

  /// Appends to `into` the next whole message (`whole`), or some of the current or next one.
  Result<internal::ReadResult> Read(std::string& into, bool whole);
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
  [[nodiscard]] bool Compressed() const { return core_.Compresses(); }
  [[nodiscard]] std::shared_ptr<void>& Data() { return data_; }

  /// The state that other threads share.
  [[nodiscard]] internal::Outbox& GetOutbox() { return outbox_; }

  // For a hub.

  /// Runs `function` on the loop; returns false when the connection has ended.
  bool Post(std::function<void()> function);
  /// The loop of the session; null when the connection has ended.
  [[nodiscard]] const void* LoopId();
  /// On the loop.
  void SendPrepared(internal::Prepared& message, internal::PreparedBlocks& blocks) {
    core_.SendPrepared(message, blocks);
  }
  /// Calls `on_closed` once on the loop when the connection ends. Returns false when it has ended.
  bool OnEnd(const void* key, std::function<void()> on_closed);
  void ForgetEnd(const void* key);

 private:
  friend class internal::Core;
  using Lock = internal::Outbox::Lock;

  /// An OutgoingMessage that is not closed. Belongs to the owner of that message.
  struct OpenMessage {
    MessageType type;
    internal::Packing packing = internal::Packing::kPlain;
    internal::Utf8Checker utf8{};
    std::unique_ptr<internal::Deflater> deflater{};  // with kPacked
  };

  Result<internal::ReadResult> ReadElsewhere(std::string& into, bool whole);
  Error SendClose(CloseCode code, std::string_view reason);
  [[nodiscard]] internal::Packing PackingOf(size_t bytes) const;
  void Pack(std::unique_ptr<internal::Deflater>& deflater, std::string_view data, bool final,
            std::string& packed) const;
  Error AwaitRoom(Lock& lock, bool within_message);
  void Cut();
  void PushAndPost(const internal::Outgoing& frame, std::string_view payload);
  [[nodiscard]] const ConnOptions& Options() const { return setup_->options; }

  const std::shared_ptr<const SessionSetup> setup_;
  const std::shared_ptr<ConnHandler> handler_;
  const appcontext::CallbackGuard guard_;
  const appcontext::Context shutdown_;
  const std::unique_ptr<char[]> names_;  // the peer's address, then the subprotocol
  std::shared_ptr<void> data_;
  std::unique_ptr<OpenMessage> message_;
  std::atomic<uint32_t> handles_{0};
  const uint16_t remote_addr_size_;
  const uint16_t subprotocol_size_;
  internal::Outbox outbox_;
  internal::Core core_;
};

}  // namespace hon::websocket
