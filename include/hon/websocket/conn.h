#pragma once

// A WebSocket from either end. Who upgrades or dials in a handler's style reads it in a loop; who
// gives an EventHandler instead is called.

#include <memory>
#include <string>
#include <string_view>

#include "hon/appcontext/context.h"
#include "hon/base/result.h"
#include "hon/io/io.h"
#include "hon/websocket/message.h"

namespace hon::websocket {

class Session;  // src/websocket

/// One message as it comes, for those too large to be held. Take it to its end (ErrEof), or destroy
/// it: then the rest is skipped. As Conn, and not after it.
class IncomingMessage final : public io::Reader {
 public:
  explicit IncomingMessage(std::shared_ptr<Session> session);
  IncomingMessage(IncomingMessage&&) noexcept;
  IncomingMessage& operator=(IncomingMessage&&) = delete;
  ~IncomingMessage() override;

  [[nodiscard]] MessageType Type() const { return type_; }
  /// ErrEof at the end of the message; what Conn::ReadMessage gives when the connection ends first.
  io::IoResult Read(std::span<char> into) override;

 private:
  friend class Conn;
  Error Fill();

  std::shared_ptr<Session> session_;
  std::string piece_;
  size_t at_ = 0;
  MessageType type_ = MessageType::kText;
  bool final_ = false;
};

/// One message as it is made, sent as a frame for each Write. Until Close, other messages of the
/// connection wait; destroying it before that ends the connection (1011), since half a message
/// cannot be taken back.
class OutgoingMessage final : public io::Writer, public io::Closer {
 public:
  OutgoingMessage(std::shared_ptr<Session> session, MessageType type);
  OutgoingMessage(OutgoingMessage&&) noexcept;
  OutgoingMessage& operator=(OutgoingMessage&&) = delete;
  ~OutgoingMessage() override;

  /// A text may be cut anywhere, also within a character.
  io::IoResult Write(std::string_view data) override;
  /// Ends the message.
  Error Close() override;

 private:
  std::shared_ptr<Session> session_;
};

/// A handle on a connection: cheap to copy, safe to keep past its end. All calls but the reading
/// ones from any fiber and any thread; messages go out whole and in the order of the calls. What
/// waits suspends a fiber and blocks a thread; it ends with the context of its fiber.
///
/// When the last handle of a connection that is read in a loop goes, it is closed (1000).
class Conn {
 public:
  explicit Conn(std::shared_ptr<Session> session);
  Conn(const Conn& other);
  Conn(Conn&& other) noexcept = default;
  Conn& operator=(Conn other) noexcept;
  ~Conn();

  // Reading: by one fiber or thread at a time, not for connections with an EventHandler. Pings are
  // answered and closing handshakes completed also while nobody reads, up to the next message.

  /// The next message. ErrClosed when the connection ends; Status says how. Or the cause of the
  /// fiber's context.
  Result<Message> ReadMessage();
  /// The same into the caller's string, whose room is used again.
  Result<MessageType> ReadMessage(std::string& into);
  /// The next message in pieces. Messages are limited as ever.
  Result<IncomingMessage> NextReader();

  // Writing.

  /// Sends a message; waits while more than ConnOptions::unsent_bytes_max is unsent, or does what
  /// ConnOptions::slow says. Errors: ErrClosed, ErrBackpressure, ErrBadMessage (a text that is not
  /// UTF-8), the cause of the fiber's context.
  Error WriteMessage(MessageType type, std::string_view data);
  Error WriteText(std::string_view text) { return WriteMessage(MessageType::kText, text); }
  Error WriteBinary(std::string_view data) { return WriteMessage(MessageType::kBinary, data); }
  /// Begins a message that is made in pieces; waits for others to end.
  Result<OutgoingMessage> NextWriter(MessageType type);
  /// At most kControlBytesMax bytes, never waits. The answer is seen by EventHandler::OnPong.
  Error Ping(std::string_view payload = {});

  /// Begins the closing handshake, without waiting for its end: nothing can be written any more,
  /// what was written is sent, and the connection ends when the peer has answered, or after
  /// ConnOptions::close_timeout. A second call does nothing (ErrClosed).
  Error Close(CloseCode code = kCloseNormal, std::string_view reason = {});
  /// Waits until the connection has ended, for whatever reason.
  Error Wait();

  /// Ends with the connection. May be kept.
  [[nodiscard]] appcontext::Context Context() const;
  /// How it ended: the code and reason of the peer's close frame, or what we closed it for.
  /// kCloseAbnormal while it lives, and where there was no closing handshake.
  [[nodiscard]] CloseStatus Status() const;

  /// Live as long as the handle.
  [[nodiscard]] std::string_view Subprotocol() const;
  [[nodiscard]] std::string_view RemoteAddr() const;
  /// Whether permessage-deflate was agreed on.
  [[nodiscard]] bool Compressed() const;
  /// Bytes that are not with the kernel yet; approximate on other threads than the loop's.
  [[nodiscard]] size_t Unsent() const;

  /// Whatever the program wants to find again at this connection. Set it before others look.
  void SetData(std::shared_ptr<void> data);
  [[nodiscard]] const std::shared_ptr<void>& Data() const;

  [[nodiscard]] bool operator==(const Conn& other) const { return session_ == other.session_; }
  [[nodiscard]] const std::shared_ptr<Session>& GetSession() const { return session_; }

 private:
  std::shared_ptr<Session> session_;
};

/// Whom a connection calls, as gws has it: an idle one then costs no stack and no fiber. Calls for
/// one connection come one after the other, on its loop, outside any fiber: they must not wait and
/// not block (fiber::Go starts what does). One handler may serve any number of connections.
/// An exception that leaves a call closes the connection (1011).
class EventHandler {
 public:
  virtual ~EventHandler() = default;
  /// The handshake is done.
  virtual void OnOpen([[maybe_unused]] Conn& conn) {}
  /// `data` ends with the call. While more than 256 KiB are unsent to this peer, nothing more is
  /// taken from it.
  virtual void OnMessage(Conn& conn, MessageType type, std::string_view data) = 0;
  /// The pong has been sent already.
  virtual void OnPing([[maybe_unused]] Conn& conn, [[maybe_unused]] std::string_view payload) {}
  virtual void OnPong([[maybe_unused]] Conn& conn, [[maybe_unused]] std::string_view payload) {}
  /// The last call: the connection has ended. `conn` can still be asked, and not written to.
  virtual void OnClose([[maybe_unused]] Conn& conn, [[maybe_unused]] const CloseStatus& status) {}
};

}  // namespace hon::websocket
