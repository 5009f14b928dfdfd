#pragma once

// An event stream as a browser reads it: WHATWG HTML, 9.2.6 "Interpreting an event stream",
// implemented from the standard, so that the tests are independent of the writer.

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/wire_peer.h"

namespace hon::test {

struct SeenEvent {
  std::string type;
  std::string data;
  std::string last_event_id;

  bool operator==(const SeenEvent&) const = default;
};

inline void PrintTo(const SeenEvent& event, std::ostream* out) {
  *out << "{" << event.type << ", " << event.data << ", " << event.last_event_id << "}";
}

/// Reads a stream piece by piece.
class EventReader {
 public:
  void Take(std::string_view text) {
    while (!text.empty()) {
      if (std::exchange(after_cr_, false) && text.front() == '\n') {
        text.remove_prefix(1);
        continue;
      }
      const size_t end = std::min(text.find('\r'), text.find('\n'));
      line_ += text.substr(0, end);
      if (end == std::string_view::npos) return;
      after_cr_ = text[end] == '\r';
      OnLine(line_);
      line_.clear();
      text.remove_prefix(end + 1);
    }
  }

  [[nodiscard]] const std::vector<SeenEvent>& Events() const { return events_; }
  [[nodiscard]] const std::vector<std::string>& Comments() const { return comments_; }
  [[nodiscard]] const std::string& LastEventId() const { return id_buffer_; }
  [[nodiscard]] std::optional<int64_t> Retry() const { return retry_; }

 private:
  void OnLine(std::string_view line) {
    if (line.empty()) return Dispatch();
    const size_t colon = line.find(':');
    std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    const std::string_view field = line.substr(0, colon);
    if (field.empty()) comments_.emplace_back(value);
    if (field == "event") type_ = value;
    if (field == "data") data_.append(value).push_back('\n');
    if (field == "id" && value.find('\0') == std::string_view::npos) id_buffer_ = value;
    if (field == "retry") OnRetry(value);
  }

  void OnRetry(std::string_view value) {
    if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos) return;
    int64_t ms = 0;
    std::from_chars(value.data(), value.data() + value.size(), ms);
    retry_ = ms;
  }

  void Dispatch() {
    if (!data_.empty()) {
      data_.pop_back();
      events_.push_back({type_.empty() ? "message" : type_, data_, id_buffer_});
    }
    data_.clear();
    type_.clear();
  }

  std::string line_;
  std::string type_;
  std::string data_;
  std::string id_buffer_;
  bool after_cr_ = false;
  std::optional<int64_t> retry_;
  std::vector<SeenEvent> events_;
  std::vector<std::string> comments_;
};

/// The events in the chunks of an answer, until there are `wanted`; fewer when the stream ends.
inline EventReader ReadEvents(WirePeer& peer, size_t wanted) {
  EventReader reader;
  while (reader.Events().size() < wanted) {
    const std::string line = peer.ReadThrough("\r\n");
    if (line.empty() || line == "0\r\n") break;
    reader.Take(peer.Read(std::stoul(line, nullptr, 16)));
    EXPECT_EQ(peer.Read(2), "\r\n");
  }
  return reader;
}

}  // namespace hon::test
