#include "chat.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include "hon/base/time.h"
#include "hon/websocket/hub.h"
#include "json.h"

namespace hon::app {
namespace {

constexpr websocket::CloseCode kCloseTryAgainLater = 1013;

websocket::UpgraderOptions ChatOptions() {
  websocket::UpgraderOptions options;
  options.conn.message_bytes_max = kChatNameBytesMax + 1 + kChatTextBytesMax;
  options.conn.unsent_bytes_max = 256 * 1024;  // kChatBytesKept, and some room
  options.conn.slow = websocket::Slow::kClose;
  return options;
}

websocket::UpgraderOptions EchoOptions() {
  websocket::UpgraderOptions options;
  options.conn.deflate.enabled = true;
  return options;
}

std::string Note(std::string_view text) { return "{\"note\":" + JsonString(text) + "}"; }

std::string Line(std::string_view name, std::string_view text) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  return "{\"ms\":" + std::to_string(ms) + ",\"name\":" + JsonString(name) +
         ",\"text\":" + JsonString(text) + "}";
}

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// The rate limit of one chatter.
class Allowance {
 public:
  bool Take() {
    const TimePoint now = Clock::now();
    const std::chrono::duration<double> passed = now - since_;
    since_ = now;
    lines_ = std::min<double>(kChatBurst, lines_ + passed.count() * kChatLinesPerSecond);
    if (lines_ < 1) return false;
    lines_ -= 1;
    return true;
  }

 private:
  double lines_ = kChatBurst;
  TimePoint since_ = Clock::now();
};

class EchoHandler final : public websocket::ConnHandler {
  void OnMessage(websocket::Conn& conn, websocket::MessageType type,
                 std::string_view data) override {
    // A connection whose peer does not read stops being read, and is cut in the end: the error
    // needs no handling.
    static_cast<void>(conn.WriteMessage(type, data));
  }
};

}  // namespace

/// All chatters. Methods are called from every loop.
class Chat::Room final : public websocket::ConnHandler {
 public:
  void OnOpen(websocket::Conn& conn) override {
    conn.SetData(std::make_shared<Allowance>());
    // Subscribing and reading the history are one step, so that a newcomer misses no line and gets
    // none twice.
    std::lock_guard lock(mutex_);
    if (hub_.Subscribers(kTopic) >= kChattersMax) {
      static_cast<void>(conn.Close(kCloseTryAgainLater, "the room is full"));
      return;
    }
    for (const std::string& line : lines_) Tell(conn, line);
    hub_.Subscribe(conn, kTopic);
  }

  void OnMessage(websocket::Conn& conn, websocket::MessageType type,
                 std::string_view data) override {
    if (!static_cast<Allowance*>(conn.Data().get())->Take()) {
      static_cast<void>(conn.Close(websocket::kClosePolicyViolation, "too many lines"));
      return;
    }
    const size_t end = data.find('\n');
    const std::string_view name = data.substr(0, end);
    const std::string_view text = end == std::string_view::npos ? "" : data.substr(end + 1);
    if (type != websocket::MessageType::kText || IsBlank(name) || IsBlank(text)) {
      return Tell(conn, Note("a line is a name, a line break and a text"));
    }
    if (name.size() > kChatNameBytesMax || text.size() > kChatTextBytesMax) {
      return Tell(conn, Note("that is too long"));
    }
    std::string line = Line(name, text);
    std::lock_guard lock(mutex_);
    static_cast<void>(hub_.Publish(kTopic, websocket::MessageType::kText, line));
    bytes_ += line.size();
    lines_.push_back(std::move(line));
    while (lines_.size() > kChatLinesKept || bytes_ > kChatBytesKept) {
      bytes_ -= lines_.front().size();
      lines_.pop_front();
    }
  }

 private:
  // Never waits: a connection that takes no more output is cut.
  static void Tell(websocket::Conn& conn, std::string_view text) {
    static_cast<void>(conn.WriteText(text));
  }

  static constexpr std::string_view kTopic = "chat";

  websocket::Hub hub_;
  std::mutex mutex_;
  std::deque<std::string> lines_;  // the history for newcomers
  size_t bytes_ = 0;               // of lines_
};

Chat::Chat() : upgrader_(ChatOptions()), room_(std::make_shared<Room>()) {}

void Chat::ServeHTTP(http::ResponseWriter& w, http::Request& r) {
  static_cast<void>(upgrader_.Upgrade(w, r, room_));  // Upgrade has answered, also when it failed
}

Echo::Echo() : upgrader_(EchoOptions()), handler_(std::make_shared<EchoHandler>()) {}

void Echo::ServeHTTP(http::ResponseWriter& w, http::Request& r) {
  static_cast<void>(upgrader_.Upgrade(w, r, handler_));
}

}  // namespace hon::app
