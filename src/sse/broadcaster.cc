#include "hon/sse/broadcaster.h"

#include <deque>
#include <iterator>
#include <list>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "hon/base/assert.h"
#include "hon/fiber/channel.h"
#include "hon/fiber/select.h"
#include "hon/http/reply.h"
#include "hon/http/status.h"

namespace hon::sse {
namespace {

// Events that a subscriber takes at a time.
constexpr size_t kTakenMax = 16;

using Text = std::shared_ptr<const std::string>;

struct Subscriber {
  uint64_t next = 0;             // the number of the event that it wants next
  fiber::Channel<bool> bell{1};  // rung when there is news
  std::list<Subscriber>::iterator place;
};

// Event ids of two processes, or of two broadcasters, are never the same.
std::string RandomPrefix() {
  std::random_device source;
  const uint64_t number = (uint64_t{source()} << 32) | source();
  return std::to_string(number) + "-";
}

}  // namespace

/// The events that are kept, numbered from 0, and those who read them.
class Broadcaster::Ring {
 public:
  explicit Ring(const BroadcasterOptions& options) : options_(&options) {}
  ~Ring() { HON_ASSERT(subscribers_.empty()); }

  Error Add(Event event) {
    std::lock_guard lock(mutex_);
    if (closed_) return {};
    std::string own_id;
    if (!event.id) event.id = own_id = prefix_ + std::to_string(End());
    std::string text;
    HON_RETURN_IF_ERROR(AppendEvent(event, text));
    bytes_ += text.size();
    kept_.push_back({std::string(*event.id), std::make_shared<const std::string>(std::move(text))});
    while (kept_.size() > 1 &&
           (kept_.size() > options_->events_max || bytes_ > options_->bytes_max)) {
      bytes_ -= kept_.front().text->size();
      kept_.pop_front();
      ++first_;
    }
    RingAll();
    return {};
  }

  void Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    RingAll();
  }

  /// Null when there are enough.
  Subscriber* Enter(std::string_view last_event_id) {
    std::lock_guard lock(mutex_);
    if (subscribers_.size() >= options_->subscribers_max) return nullptr;
    Subscriber& subscriber = subscribers_.emplace_back();
    subscriber.place = std::prev(subscribers_.end());
    subscriber.next = StartFor(last_event_id);
    return &subscriber;
  }

  void Leave(const Subscriber* subscriber) {
    std::lock_guard lock(mutex_);
    subscribers_.erase(subscriber->place);
  }

  /// Gives `subscriber` the next events in `texts`. False when none will follow.
  bool Take(Subscriber& subscriber, std::vector<Text>& texts) {
    texts.clear();
    std::lock_guard lock(mutex_);
    if (subscriber.next < first_) {
      missed_ += first_ - subscriber.next;
      subscriber.next = first_;
      if (options_->slow == Slow::kDisconnect) return false;
    }
    for (; subscriber.next < End() && texts.size() < kTakenMax; ++subscriber.next) {
      texts.push_back(kept_[subscriber.next - first_].text);
    }
    return !closed_ || subscriber.next < End();
  }

  [[nodiscard]] size_t Subscribers() const {
    std::lock_guard lock(mutex_);
    return subscribers_.size();
  }
  [[nodiscard]] uint64_t Missed() const {
    std::lock_guard lock(mutex_);
    return missed_;
  }

 private:
  struct Kept {
    std::string id;
    Text text;
  };

  [[nodiscard]] uint64_t End() const { return first_ + kept_.size(); }

  [[nodiscard]] uint64_t StartFor(std::string_view last_event_id) const {
    if (last_event_id.empty()) return options_->newcomer == Newcomer::kNext ? End() : first_;
    // From the newest: most clients were here a moment ago.
    for (size_t i = kept_.size(); i > 0; --i) {
      if (kept_[i - 1].id == last_event_id) return first_ + i;
    }
    return first_;
  }

  void RingAll() {
    for (Subscriber& subscriber : subscribers_) {
      static_cast<void>(subscriber.bell.TrySend(true));  // it may be ringing already
    }
  }

  const BroadcasterOptions* options_;
  const std::string prefix_ = RandomPrefix();
  mutable std::mutex mutex_;  // of what follows; never held across a wait
  std::deque<Kept> kept_;
  uint64_t first_ = 0;  // the number of the oldest one that is kept
  size_t bytes_ = 0;    // of their texts
  bool closed_ = false;
  uint64_t missed_ = 0;
  std::list<Subscriber> subscribers_;
};

/// A place among the subscribers, while it lives.
class Broadcaster::Subscription {
 public:
  Subscription(Ring& ring, std::string_view last_event_id)
      : ring_(&ring), subscriber_(ring.Enter(last_event_id)) {}
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription() {
    if (subscriber_ != nullptr) ring_->Leave(subscriber_);
  }
  explicit operator bool() const { return subscriber_ != nullptr; }

  /// Sends what there is until the stream ends.
  void Run(Writer& stream, Duration heartbeat) {
    std::vector<Text> texts;
    std::optional<bool> rung;
    bool more = true;
    while (more) {
      more = ring_->Take(*subscriber_, texts);
      for (const Text& text : texts) {
        if (stream.SendRaw(*text)) return;
      }
      if (!texts.empty() || !more) continue;
      const int woken =
          fiber::Select(stream.Context(), {subscriber_->bell.ToReceive(rung)}, heartbeat);
      if (woken == fiber::kContextEnded) return;
      if (woken == fiber::kTimedOut && stream.Comment()) return;
    }
  }

 private:
  Ring* ring_;
  Subscriber* subscriber_;
};

Broadcaster::Broadcaster(BroadcasterOptions options)
    : options_(options), ring_(std::make_unique<Ring>(options_)) {}

Broadcaster::~Broadcaster() = default;

Error Broadcaster::Publish(const Event& event) { return ring_->Add(event); }

void Broadcaster::Close() { ring_->Close(); }

void Broadcaster::ServeHTTP(http::ResponseWriter& w, http::Request& r) {
  Subscription subscription(*ring_, Writer::LastEventId(r));
  if (!subscription) {
    w.Header().Set("Retry-After", "1");
    return http::Error(w, "too many subscribers", http::StatusServiceUnavailable);
  }
  Result<Writer> stream = Writer::Start(w, r, options_.writer);
  if (stream) subscription.Run(*stream, options_.writer.heartbeat);
}

size_t Broadcaster::Subscribers() const { return ring_->Subscribers(); }
uint64_t Broadcaster::Missed() const { return ring_->Missed(); }

}  // namespace hon::sse
