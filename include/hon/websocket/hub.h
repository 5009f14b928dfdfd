#pragma once

#include <memory>
#include <string_view>

#include "hon/websocket/conn.h"

namespace hon::websocket {

/// Messages for whoever has subscribed. A message is framed once, and compressed once for each
/// window size, however many receive it; each loop sends it to its own connections, which share
/// the bytes. A receiver that does not keep up holds up nobody: past its
/// ConnOptions::unsent_bytes_max it misses the message, or is cut, as its ConnOptions::slow says
/// (kWait means that it misses it). So does one that is in the middle of an OutgoingMessage.
///
/// Any thread; a cheap handle, copies are the same hub. What one thread publishes arrives in that
/// order.
class Hub {
 public:
  Hub();

  /// From the next Publish on; twice is once. A connection that ends leaves all topics by itself.
  void Subscribe(const Conn& conn, std::string_view topic);
  void Unsubscribe(const Conn& conn, std::string_view topic);
  /// Never waits. ErrBadMessage for a text that is not UTF-8.
  Error Publish(std::string_view topic, MessageType type, std::string_view data);

  /// Connections that have subscribed to `topic`.
  [[nodiscard]] size_t Subscribers(std::string_view topic) const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace hon::websocket
