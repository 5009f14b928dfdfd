#pragma once

// A WebSocket of either role. Without a ConnHandler, the owner of the Conn reads messages in a
// loop; with one, each message is a call.

#include <memory>
#include <string>
#include <string_view>

#include "hon/appcontext/context.h"
#include "hon/base/result.h"
#include "hon/io/io.h"
#include "hon/websocket/message.h"

namespace hon::websocket {

class Session;  // src/websocket

/// One message in pieces, for messages too large to be held. Read it to its end (ErrEof), or
/// destroy it: the rest is then skipped. Same threads as Conn; must not outlive the Conn.
class IncomingMessage final : public io::Reader {
 public:
  explicit IncomingMessage(std::shared_ptr<Session> session);
  IncomingMessage(IncomingMessage&&) noexcept;
  IncomingMessage& operator=(IncomingMessage&&) = delete;
  ~IncomingMessage() override;

  [[nodiscard]] MessageType Type() const { return type_; }
  /// ErrEof at the end of the message; the error of Conn::ReadMessage when the connection ends
  /// first.
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

/// One message that is sent while it is made, as a frame for each Write. Until Close, other
/// messages of the connection wait. Destroying an open message ends the connection (1011), since
/// half a message cannot be taken back.
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

/// A handle on a connection: cheap to copy, valid past its end. All calls but reads may be made on
/// any fiber and any thread; messages are sent whole and in the order of the calls. A call that
/// waits suspends a fiber and blocks a thread; its wait ends with the context of its fiber.
///
/// When the last handle of a connection without a ConnHandler is destroyed, the connection is
/// closed (1000).
class Conn {
 public:
  explicit Conn(std::shared_ptr<Session> session);
  Conn(const Conn& other);
  Conn(Conn&& other) noexcept = default;
  Conn& operator=(Conn other) noexcept;
  ~Conn();

  // Reading: by one fiber or thread at a time, and not for connections with a ConnHandler.
  // Without a reader, pings are answered and closing handshakes completed up to the next message.

  /// The next message. ErrClosed at the end of the connection (Status has the reason), or the cause
  /// of the fiber's context.
  Result<Message> ReadMessage();
  /// ReadMessage into the caller's string, whose capacity is reused.
  Result<MessageType> ReadMessage(std::string& into);
  /// The next message in pieces. The limit on messages applies.
  Result<IncomingMessage> NextReader();

  // Writing.

  /// Sends a message; while more than ConnOptions::unsent_bytes_max is unsent, waits or acts by
  /// ConnOptions::slow. Errors: ErrClosed, ErrBackpressure, ErrBadMessage (a text that is not
  /// UTF-8), the cause of the fiber's context.
  Error WriteMessage(MessageType type, std::string_view data);
  Error WriteText(std::string_view text) { return WriteMessage(MessageType::kText, text); }
  Error WriteBinary(std::string_view data) { return WriteMessage(MessageType::kBinary, data); }
  /// Begins a message that is sent in pieces; waits for the end of other such messages.
  Result<OutgoingMessage> NextWriter(MessageType type);
  /// Sends at most kControlBytesMax bytes, never waits. ConnHandler::OnPong gets the answer.
  Error Ping(std::string_view payload = {});

  /// Begins the closing handshake, without waiting for its end: nothing can be written any more,
  /// written messages are sent, and the connection ends when the peer has answered, or after
  /// ConnOptions::close_timeout. A second call does nothing (ErrClosed).
  Error Close(CloseCode code = kCloseNormal, std::string_view reason = {});
  /// Waits until the connection has ended, for any reason. The message that was read last counts as
  /// answered: the peer's close frame is answered at once.
  Error Wait();

  /// A context that ends with the connection. May be kept.
  [[nodiscard]] appcontext::Context Context() const;
  /// The end of the connection: code and reason of the peer's close frame, or of our own close.
  /// kCloseAbnormal while the connection lives, and without a closing handshake.
  [[nodiscard]] CloseStatus Status() const;

  /// The views live as long as the handle.
  [[nodiscard]] std::string_view Subprotocol() const;
  [[nodiscard]] std::string_view RemoteAddr() const;
  /// Whether permessage-deflate was agreed on.
  [[nodiscard]] bool Compressed() const;
  /// Bytes that the kernel has not taken yet; approximate on other threads than the loop's.
  [[nodiscard]] size_t Unsent() const;

  /// A value of the program for this connection. Set it before other threads read it.
  void SetData(std::shared_ptr<void> data);
  [[nodiscard]] const std::shared_ptr<void>& Data() const;

  [[nodiscard]] bool operator==(const Conn& other) const { return session_ == other.session_; }
  [[nodiscard]] const std::shared_ptr<Session>& GetSession() const { return session_; }

 private:
  std::shared_ptr<Session> session_;
};

/// The callbacks of a connection, as in gws: an idle connection then costs no stack and no fiber.
/// Callbacks of one connection come one after the other, on its loop, outside any fiber: they must
/// neither wait nor block (start such work with fiber::Go). One handler may serve any number of
/// connections. An exception that leaves a callback is reported to the engine's event hook (on
/// stderr without an engine), and closes the connection (1011).
class ConnHandler {
 public:
  virtual ~ConnHandler() = default;
  /// The handshake is done.
  virtual void OnOpen([[maybe_unused]] Conn& conn) {}
  /// `data` is valid during the call. While more than 256 KiB are unsent to this peer, no further
  /// message is read from it.
  virtual void OnMessage(Conn& conn, MessageType type, std::string_view data) = 0;
  /// The pong has been sent already.
  virtual void OnPing([[maybe_unused]] Conn& conn, [[maybe_unused]] std::string_view payload) {}
  virtual void OnPong([[maybe_unused]] Conn& conn, [[maybe_unused]] std::string_view payload) {}
  /// The last call: the connection has ended. `conn` can still be queried, but not written to.
  virtual void OnClose([[maybe_unused]] Conn& conn, [[maybe_unused]] const CloseStatus& status) {}
};

}  // namespace hon::websocket
