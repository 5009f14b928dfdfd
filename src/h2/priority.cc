#include "hon/h2/priority.h"

#include <optional>

namespace hon::h2 {
namespace {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsLower(char c) { return c >= 'a' && c <= 'z'; }

// Reads the values of a dictionary (RFC 8941 §3.2) as far as necessary to separate its members.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool AtEnd() const { return text_.empty(); }
  [[nodiscard]] char Peek() const { return text_.empty() ? '\0' : text_.front(); }
  bool Take(char c) {
    if (Peek() != c || text_.empty()) return false;
    text_.remove_prefix(1);
    return true;
  }
  void SkipSpaces() {
    while (Take(' ')) {
    }
  }
  void SkipOptionalBlanks() {
    while (Take(' ') || Take('\t')) {
    }
  }

  // A key (RFC 8941 §3.1.2); empty without one.
  std::string_view Key() {
    if (!IsLower(Peek()) && Peek() != '*') return {};
    size_t n = 1;
    while (n < text_.size() && IsKeyByte(text_[n])) ++n;
    return TakeBytes(n);
  }

  // A bare item (RFC 8941 §3.3), with its value when that is an integer or a boolean.
  struct Item {
    bool valid = false;
    std::optional<int64_t> integer;
    std::optional<bool> boolean;
  };
  Item BareItem() {
    if (Take('?')) {
      if (Take('1')) return {true, std::nullopt, true};
      if (Take('0')) return {true, std::nullopt, false};
      return {};
    }
    if (Take('"')) return {SkipString(), std::nullopt, std::nullopt};
    if (Take(':')) return {SkipUntil(':'), std::nullopt, std::nullopt};
    if (IsDigit(Peek()) || Peek() == '-') return Number();
    return {SkipToken(), std::nullopt, std::nullopt};
  }

 private:
  static bool IsKeyByte(char c) {
    return IsLower(c) || IsDigit(c) || c == '_' || c == '-' || c == '.' || c == '*';
  }

  std::string_view TakeBytes(size_t n) {
    const std::string_view taken = text_.substr(0, n);
    text_.remove_prefix(n);
    return taken;
  }

  Item Number() {
    constexpr int kDigitsMax = 15;
    const bool negative = Take('-');
    int64_t value = 0;
    int digits = 0;
    for (; IsDigit(Peek()) && digits < kDigitsMax; ++digits) {
      value = value * 10 + (Peek() - '0');
      text_.remove_prefix(1);
    }
    if (digits == 0 || IsDigit(Peek())) return {};
    if (!Take('.')) return {true, negative ? -value : value, std::nullopt};
    if (!IsDigit(Peek())) return {};
    while (IsDigit(Peek())) text_.remove_prefix(1);
    return {true, std::nullopt, std::nullopt};
  }

  bool SkipString() {
    while (!text_.empty()) {
      if (Take('"')) return true;
      if (Take('\\') && Peek() != '"' && Peek() != '\\') return false;
      if (text_.empty()) return false;
      text_.remove_prefix(1);
    }
    return false;
  }

  bool SkipUntil(char end) {
    const size_t at = text_.find(end);
    if (at == std::string_view::npos) return false;
    text_.remove_prefix(at + 1);
    return true;
  }

  bool SkipToken() {
    const size_t n = text_.find_first_of(" \t,;()\"");
    if (n == 0 || text_.empty()) return false;
    TakeBytes(n == std::string_view::npos ? text_.size() : n);
    return true;
  }

  std::string_view text_;
};

// Skips the parameters of a member; none is defined here.
bool SkipParameters(Reader& reader) {
  while (reader.Take(';')) {
    reader.SkipSpaces();
    if (reader.Key().empty()) return false;
    if (reader.Take('=') && !reader.BareItem().valid) return false;
  }
  return true;
}

bool SkipInnerList(Reader& reader) {
  for (;;) {
    reader.SkipSpaces();
    if (reader.Take(')')) return SkipParameters(reader);
    if (!reader.BareItem().valid || !SkipParameters(reader)) return false;
    if (reader.Peek() != ' ' && reader.Peek() != ')') return false;
  }
}

// Reads a member. Returns false when the text is no dictionary.
bool ReadMember(Reader& reader, Priority& priority) {
  const std::string_view key = reader.Key();
  if (key.empty()) return false;
  Reader::Item item{true, std::nullopt, true};  // a key alone is true
  if (reader.Take('=')) {
    if (reader.Take('(')) return SkipInnerList(reader);
    item = reader.BareItem();
    if (!item.valid) return false;
  }
  // The last of two members with one key counts (RFC 8941 §3.2).
  if (key == "u") {
    const bool in_range =
        item.integer && *item.integer >= 0 && *item.integer < Priority::kUrgencies;
    priority.urgency = in_range ? static_cast<uint8_t>(*item.integer) : Priority().urgency;
  } else if (key == "i") {
    priority.incremental = item.boolean.value_or(Priority().incremental);
  }
  return SkipParameters(reader);
}

}  // namespace

Priority ParsePriority(std::string_view field_value) {
  Priority priority;
  Reader reader(field_value);
  reader.SkipSpaces();
  while (!reader.AtEnd()) {
    if (!ReadMember(reader, priority)) return {};
    reader.SkipOptionalBlanks();
    if (reader.AtEnd()) break;
    if (!reader.Take(',')) return {};
    reader.SkipOptionalBlanks();
    if (reader.AtEnd()) return {};  // a comma at the end
  }
  return priority;
}

void PriorityQueue::Push(PriorityNode& node) {
  if (node.queued) return;
  if (lists_ == nullptr) lists_ = std::make_unique<Lists>();
  const size_t index = IndexOf(node.priority);
  List& list = (*lists_)[index];
  node.queued = true;
  node.next = nullptr;
  node.previous = list.last;
  if (list.last != nullptr) {
    list.last->next = &node;
  } else {
    list.first = &node;
    filled_ |= 1U << index;
  }
  list.last = &node;
}

void PriorityQueue::Remove(PriorityNode& node) {
  if (!node.queued) return;
  const size_t index = IndexOf(node.priority);
  List& list = (*lists_)[index];
  HON_ASSERT((filled_ & 1U << index) != 0);
  (node.previous != nullptr ? node.previous->next : list.first) = node.next;
  (node.next != nullptr ? node.next->previous : list.last) = node.previous;
  if (list.first == nullptr) filled_ &= ~(1U << index);
  node.next = nullptr;
  node.previous = nullptr;
  node.queued = false;
}

void PriorityQueue::Rotate() {
  PriorityNode& front = Front();
  if (!front.priority.incremental || front.next == nullptr) return;
  Remove(front);
  Push(front);
}

void PriorityQueue::Change(PriorityNode& node, Priority priority) {
  HON_ASSERT(priority.urgency < Priority::kUrgencies);
  const bool queued = node.queued;
  Remove(node);
  node.priority = priority;
  if (queued) Push(node);
}

}  // namespace hon::h2
