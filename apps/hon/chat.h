#pragma once

#include <cstddef>
#include <memory>

#include "hon/websocket/upgrader.h"

namespace hon::app {

inline constexpr size_t kChatNameBytesMax = 96;    // 24 characters of any script
inline constexpr size_t kChatTextBytesMax = 2000;  // 500 characters of any script
inline constexpr size_t kChatLinesKept = 50;
inline constexpr size_t kChatBytesKept = 64 * 1024;
inline constexpr size_t kChattersMax = 1000;
/// A chatter's lines at once, and then in each second.
inline constexpr int kChatBurst = 10;
inline constexpr int kChatLinesPerSecond = 2;

/// A room for everybody, over WebSocket. A client sends "name\ntext"; all get
/// {"ms":...,"name":...,"text":...}, and a newcomer the last lines. A notice to one client is
/// {"note":...}: its line was refused. A chatter that talks too fast is closed (1008), as is one
/// more than kChattersMax (1013). These numbers bound the memory, whatever is sent.
class Chat {
 public:
  Chat();
  /// Upgrades the request.
  void ServeHTTP(http::ResponseWriter& w, http::Request& r);

 private:
  class Room;

  websocket::Upgrader upgrader_;
  std::shared_ptr<Room> room_;
};

/// Sends back every message, over WebSocket.
class Echo {
 public:
  Echo();
  void ServeHTTP(http::ResponseWriter& w, http::Request& r);

 private:
  websocket::Upgrader upgrader_;
  std::shared_ptr<websocket::ConnHandler> handler_;
};

}  // namespace hon::app
