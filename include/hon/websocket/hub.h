#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "hon/websocket/conn.h"

namespace hon::websocket {

/// Receivers of one message that a loop serves in one turn, before other connections get a turn.
inline constexpr size_t kReceiversPerTurnMax = 64;

/// Broadcasts messages to subscribers. A message is framed once, and compressed once for each
/// window size, for any number of receivers; each loop sends it to its own connections, which share
/// the bytes. A slow receiver delays no other: past its ConnOptions::unsent_bytes_max the message
/// is dropped for it, or it is cut, by its ConnOptions::slow (kWait drops the message). A receiver
/// in the middle of an OutgoingMessage is treated likewise.
///
/// Any thread; a cheap handle, copies are the same hub. Messages of one thread arrive in their
/// order.
class Hub {
 public:
  Hub();

  /// Takes effect with the next Publish; subscribing twice counts once. A connection that ends
  /// leaves all topics.
  void Subscribe(const Conn& conn, std::string_view topic);
  void Unsubscribe(const Conn& conn, std::string_view topic);
  /// Never waits. ErrBadMessage for a text that is not UTF-8.
  Error Publish(std::string_view topic, MessageType type, std::string_view data);

  /// Connections subscribed to `topic`.
  [[nodiscard]] size_t Subscribers(std::string_view topic) const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace hon::websocket
