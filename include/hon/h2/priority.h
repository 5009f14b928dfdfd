#pragma once

// Extensible priorities (RFC 9218): the field value, and the order in which streams send.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "hon/base/assert.h"

namespace hon::h2 {

/// A priority (RFC 9218 §4).
struct Priority {
  static constexpr uint8_t kUrgencies = 8;

  uint8_t urgency = 3;       // 0 is the most urgent
  bool incremental = false;  // shares the connection with others of its urgency

  [[nodiscard]] bool operator==(const Priority&) const = default;
};

/// Parses a Priority field or the value of PRIORITY_UPDATE: a dictionary of RFC 8941 with the
/// members `u` and `i`. A value that is no dictionary, and members out of their range, leave the
/// defaults (RFC 9218 §4).
[[nodiscard]] Priority ParsePriority(std::string_view field_value);

/// A stream's node in a PriorityQueue.
struct PriorityNode {
  PriorityNode* next = nullptr;
  PriorityNode* previous = nullptr;
  Priority priority;
  bool queued = false;
};

/// The streams that have data to send and may send it. The most urgent goes first. Of those of one
/// urgency, the first stream that is not incremental sends all its data, then incremental ones take
/// turns. Every call takes constant time, independent of the number of streams. No memory until the
/// first Push.
class PriorityQueue {
 public:
  [[nodiscard]] bool Empty() const { return filled_ == 0; }
  /// Appends `node`; no change when it is queued.
  void Push(PriorityNode& node);
  /// Takes `node` out; no change when it is not queued.
  void Remove(PriorityNode& node);
  /// The stream that sends next; the queue must not be empty.
  [[nodiscard]] PriorityNode& Front() const {
    HON_ASSERT(!Empty());
    return *(*lists_)[static_cast<size_t>(__builtin_ctz(filled_))].first;
  }
  /// The stream in front has sent a part: an incremental stream goes behind the others of its kind.
  void Rotate();
  /// Gives `node` another priority, whether it is queued or not.
  void Change(PriorityNode& node, Priority priority);

 private:
  struct List {
    PriorityNode* first = nullptr;
    PriorityNode* last = nullptr;
  };

  // Two lists for an urgency: those that are not incremental, then those that are.
  [[nodiscard]] static size_t IndexOf(Priority priority) {
    return size_t{priority.urgency} * 2 + (priority.incremental ? 1 : 0);
  }

  using Lists = std::array<List, size_t{Priority::kUrgencies} * 2>;

  std::unique_ptr<Lists> lists_;
  uint32_t filled_ = 0;  // a bit for each list that is not empty
};

}  // namespace hon::h2
