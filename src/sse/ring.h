#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/fiber/channel.h"
#include "hon/sse/broadcaster.h"

namespace hon::sse::internal {

class Ring;
class Stream;

/// An event in its encoded form.
using TextPtr = std::shared_ptr<const std::string>;

/// One subscriber's position in a ring.
class RingCursor {
 public:
  RingCursor(std::shared_ptr<Ring> ring, uint64_t next) : ring_(std::move(ring)), next_(next) {}
  RingCursor(RingCursor&& other) noexcept = default;
  RingCursor& operator=(RingCursor&&) = delete;
  ~RingCursor();

  [[nodiscard]] Ring& GetRing() const { return *ring_; }
  /// Takes some of the next events, and moves the position. Returns false when no event will
  /// follow.
  bool Take(std::vector<TextPtr>& texts);

 private:
  std::shared_ptr<Ring> ring_;
  uint64_t next_;  // the number of the next event to take
};

/// The events that a Broadcaster keeps, numbered from 0, and the subscribers that wait for the next
/// one. Any thread, unless a call says otherwise.
class Ring : public std::enable_shared_from_this<Ring> {
 public:
  explicit Ring(const BroadcasterOptions& options) : options_(options) {}

  Error Add(Event event);
  void Close();

  /// Returns nothing at the limit of subscribers.
  std::optional<RingCursor> Enter(std::string_view last_event_id);

  /// `bell` gets a value at each new event.
  void Add(fiber::Channel<bool>& bell);
  void Remove(fiber::Channel<bool>& bell);
  /// `stream` is pumped at each new event. On its loop, outside Stream::Pump.
  void Add(Stream& stream);
  void Remove(Stream& stream);

  [[nodiscard]] size_t Subscribers() const;
  [[nodiscard]] uint64_t Missed() const;

 private:
  friend class RingCursor;
  struct Kept {
    std::string id;
    TextPtr text;
  };
  /// The streams of one loop. Changed on its thread, with the mutex held.
  struct LoopStreams {
    std::vector<Stream*> streams;
    uint64_t round = 0;  // number of the current round; a stream with this number was pumped
    bool mid_round = false;
    bool running = false;  // a call of PumpStreams is posted
    bool told = false;     // there are events since the start of the last round
  };

  void Leave();
  bool Take(uint64_t& next, std::vector<TextPtr>& texts);
  [[nodiscard]] uint64_t End() const { return first_ + kept_.size(); }
  [[nodiscard]] uint64_t StartFor(std::string_view last_event_id) const;
  void WakeReaders();
  void PumpStreams(const void* loop);
  void PostPump(const void* loop, const LoopStreams& those);

  const BroadcasterOptions options_;
  const std::string prefix_ = RandomPrefix();
  static std::string RandomPrefix();

  mutable std::mutex mutex_;  // guards the members below; never held across a wait
  std::deque<Kept> kept_;
  uint64_t first_ = 0;  // the number of the oldest kept event
  size_t bytes_ = 0;    // of the kept texts
  bool closed_ = false;
  uint64_t missed_ = 0;
  size_t subscribers_ = 0;
  std::list<fiber::Channel<bool>*> bells_;
  std::map<const void*, LoopStreams> loops_;
};

}  // namespace hon::sse::internal
