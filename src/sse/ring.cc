#include "sse/ring.h"

#include <algorithm>
#include <random>
#include <utility>

#include "sse/stream.h"

namespace hon::sse::internal {
namespace {

// The most events, and bytes, that a subscriber takes at a time and sends together.
constexpr size_t kTakenMax = 16;
constexpr size_t kTakenBytesMax = size_t{64} * 1024;

}  // namespace

RingCursor::~RingCursor() {
  if (ring_ != nullptr) ring_->Leave();
}

bool RingCursor::Take(std::vector<TextPtr>& texts) { return ring_->Take(next_, texts); }

// A prefix that makes the event ids of two processes, or of two broadcasters, differ.
std::string Ring::RandomPrefix() {
  std::random_device source;
  const uint64_t number = (uint64_t{source()} << 32) | source();
  return std::to_string(number) + "-";
}

Error Ring::Add(Event event) {
  std::lock_guard lock(mutex_);
  if (closed_) return {};
  std::string own_id;
  if (!event.id) event.id = own_id = prefix_ + std::to_string(End());
  std::string text;
  HON_RETURN_IF_ERROR(AppendEvent(event, text));
  bytes_ += text.size();
  kept_.push_back({std::string(*event.id), std::make_shared<const std::string>(std::move(text))});
  while (kept_.size() > 1 && (kept_.size() > options_.events_max || bytes_ > options_.bytes_max)) {
    bytes_ -= kept_.front().text->size();
    kept_.pop_front();
    ++first_;
  }
  WakeReaders();
  return {};
}

void Ring::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  WakeReaders();
}

std::optional<RingCursor> Ring::Enter(std::string_view last_event_id) {
  std::lock_guard lock(mutex_);
  if (subscribers_ >= options_.subscribers_max) return std::nullopt;
  ++subscribers_;
  return RingCursor(shared_from_this(), StartFor(last_event_id));
}

void Ring::Leave() {
  std::lock_guard lock(mutex_);
  --subscribers_;
}

uint64_t Ring::StartFor(std::string_view last_event_id) const {
  if (last_event_id.empty()) return options_.newcomer == Newcomer::kNext ? End() : first_;
  // Searches from the newest: most clients reconnect quickly.
  for (size_t i = kept_.size(); i > 0; --i) {
    if (kept_[i - 1].id == last_event_id) return first_ + i;
  }
  return first_;
}

bool Ring::Take(uint64_t& next, std::vector<TextPtr>& texts) {
  texts.clear();
  std::lock_guard lock(mutex_);
  if (next < first_) {
    missed_ += first_ - next;
    next = first_;
    if (options_.slow == Slow::kDisconnect) return false;
  }
  for (size_t bytes = 0; next < End() && texts.size() < kTakenMax; ++next) {
    const TextPtr& text = kept_[next - first_].text;
    bytes += text->size();
    if (!texts.empty() && bytes > kTakenBytesMax) break;
    texts.push_back(text);
  }
  return !closed_ || next < End();
}

void Ring::Add(fiber::Channel<bool>& bell) {
  std::lock_guard lock(mutex_);
  bells_.push_back(&bell);
}

void Ring::Remove(fiber::Channel<bool>& bell) {
  std::lock_guard lock(mutex_);
  bells_.remove(&bell);
}

void Ring::Add(Stream& stream) {
  std::lock_guard lock(mutex_);
  std::vector<Stream*>& streams = loops_[stream.LoopId()].streams;
  stream.index = streams.size();
  streams.push_back(&stream);
}

void Ring::Remove(Stream& stream) {
  std::lock_guard lock(mutex_);
  const auto at = loops_.find(stream.LoopId());
  std::vector<Stream*>& streams = at->second.streams;
  streams[stream.index] = streams.back();
  streams[stream.index]->index = stream.index;
  streams.pop_back();
  if (streams.empty()) loops_.erase(at);
}

// Posts once to each loop, through any of its streams: streams leave only with the mutex held, so
// they still exist. A loop with a pending post gets no second one.
void Ring::WakeReaders() {
  for (fiber::Channel<bool>* bell : bells_) {
    static_cast<void>(bell->TrySend(true));  // the channel may hold a value already
  }
  for (auto& [loop, those] : loops_) {
    those.told = true;
    if (!std::exchange(those.running, true)) PostPump(loop, those);
  }
}

void Ring::PostPump(const void* loop, const LoopStreams& those) {
  those.streams.front()->Post([ring = shared_from_this(), loop] { ring->PumpStreams(loop); });
}

// Pumps kStreamsPerTurnMax streams and leaves the others to the next turn, so that a broadcast to
// many streams does not hold the loop. Events that arrive during a round start another round after
// it.
void Ring::PumpStreams(const void* loop) {
  std::unique_lock lock(mutex_);
  const auto at = loops_.find(loop);
  if (at == loops_.end()) return;
  LoopStreams& those = at->second;
  if (!those.mid_round && std::exchange(those.told, false)) ++those.round;
  lock.unlock();
  // Only this thread changes the list, and a stream that ends in Pump leaves it later.
  size_t pumped = 0;
  bool all = true;
  for (Stream* const stream : those.streams) {
    if (stream->round == those.round) continue;
    if (pumped == kStreamsPerTurnMax) {
      all = false;
      break;
    }
    ++pumped;
    stream->round = those.round;
    stream->Pump();
  }
  lock.lock();
  those.mid_round = !all;
  those.running = !all || those.told;
  if (those.running) PostPump(loop, those);
}

size_t Ring::Subscribers() const {
  std::lock_guard lock(mutex_);
  return subscribers_;
}

uint64_t Ring::Missed() const {
  std::lock_guard lock(mutex_);
  return missed_;
}

}  // namespace hon::sse::internal
