#include <algorithm>
#include <bit>

#include "hon/base/assert.h"
#include "hon/base/flatten.h"
#include "hon/netpoll/timer.h"
#include "netpoll/no_memory.h"

namespace hon::netpoll {
namespace {

void MakeEmpty(TimerLink& head) { head.ring_prev = head.ring_next = &head; }
bool Empty(const TimerLink& head) { return head.ring_next == &head; }

void PushBack(TimerLink& head, TimerLink& link) {
  link.ring_prev = head.ring_prev;
  link.ring_next = &head;
  head.ring_prev->ring_next = &link;
  head.ring_prev = &link;
}

void Unlink(TimerLink& link) {
  link.ring_prev->ring_next = link.ring_next;
  link.ring_next->ring_prev = link.ring_prev;
  link.ring_prev = link.ring_next = nullptr;
}

}  // namespace

void Timer::Disarm() {
  if (!Armed()) return;
  Unlink(*this);
  --wheel_->armed_;
  wheel_->next_ = {};
}

TimerWheel::TimerWheel(TimePoint start) : start_(start) {
  MakeEmpty(due_);
  for (auto& level : slots_) {
    for (TimerLink& head : level) MakeEmpty(head);
  }
}

TimerWheel::~TimerWheel() {
  const auto drain = [](TimerLink& head) {
    while (!Empty(head)) Unlink(*head.ring_next);
  };
  drain(due_);
  for (auto& level : slots_) {
    for (TimerLink& head : level) drain(head);
  }
}

void TimerWheel::Arm(Timer& timer, TimePoint deadline) {
  timer.Disarm();
  if (deadline == kNever) return;
  // Rounded up, so that a timer is never early; the next tick at the earliest, so that a timer
  // armed by a running one waits for the next Advance.
  const Duration ahead = deadline > start_ ? deadline - start_ : Duration::zero();
  const auto ticks = static_cast<uint64_t>(ahead / kTick) + (ahead % kTick != Duration::zero());
  timer.tick_ = std::max(ticks, elapsed_ + 1);
  timer.wheel_ = this;
  Insert(timer);
  ++armed_;
}

void TimerWheel::Insert(Timer& timer) {
  // The level is that of the highest digit (base 64) in which the tick differs from the current
  // one.
  const uint64_t tick = std::min(timer.tick_, elapsed_ + kHorizonTicks);
  const auto differing = static_cast<unsigned>(std::bit_width(elapsed_ ^ tick));
  HON_ASSERT(differing > 0);
  const unsigned level = std::min((differing - 1) / kLevelBits, kLevels - 1);
  const auto slot = static_cast<unsigned>(tick >> (level * kLevelBits)) % kSlots;
  occupied_[level] |= uint64_t{1} << slot;
  PushBack(slots_[level][slot], timer);
  if (timer.tick_ < next_.tick) next_ = {};
}

TimerWheel::Expiry TimerWheel::Next() const {
  if (next_.level == kLevels) next_ = FindNext();
  return next_;
}

TimerWheel::Expiry TimerWheel::FindNext() const {
  // A lower level is always due before a higher one, whose slots begin where the lower one ends.
  for (unsigned level = 0; level < kLevels; ++level) {
    const unsigned shift = level * kLevelBits;
    const auto current = static_cast<unsigned>(elapsed_ >> shift) % kSlots;
    while (occupied_[level] != 0) {
      const auto ahead = static_cast<unsigned>(
          std::countr_zero(std::rotr(occupied_[level], static_cast<int>(current))));
      const unsigned slot = (current + ahead) % kSlots;
      if (Empty(slots_[level][slot])) {
        occupied_[level] &= ~(uint64_t{1} << slot);
        continue;
      }
      const uint64_t tick = ((elapsed_ >> shift) + ahead) << shift;
      return {.level = level, .slot = slot, .tick = tick};
    }
  }
  return {};
}

void TimerWheel::Collect(const Expiry& due) {
  next_ = {};
  elapsed_ = std::max(elapsed_, due.tick);
  occupied_[due.level] &= ~(uint64_t{1} << due.slot);
  TimerLink& head = slots_[due.level][due.slot];
  while (!Empty(head)) {
    auto& timer = static_cast<Timer&>(*head.ring_next);
    Unlink(timer);
    if (timer.tick_ <= elapsed_) {
      PushBack(due_, timer);
    } else {
      Insert(timer);
    }
  }
}

HON_NO_CANARY void TimerWheel::Advance(TimePoint now) {
  if (now < start_) return;
  const auto target = static_cast<uint64_t>((now - start_) / kTick);
  if (target <= elapsed_) return;  // most turns of a busy loop
  // Apart, so that those turns need no stack frame.
  const auto run_until = [](TimerWheel & self, uint64_t end) __attribute__((noinline)) {
    for (;;) {
      const Expiry due = self.armed_ == 0 ? Expiry{} : self.Next();
      if (due.level == kLevels || due.tick > end) break;
      self.Collect(due);
    }
    self.elapsed_ = end;
    while (!Empty(self.due_)) {
      auto& timer = static_cast<Timer&>(*self.due_.ring_next);
      timer.Disarm();
      OrDrop([&timer] { timer.OnTimer(); });
    }
  };
  run_until(*this, target);
}

TimePoint TimerWheel::NextWakeup() const {
  if (armed_ == 0) return kNever;
  const Expiry due = Next();
  if (due.level == kLevels)
    return start_;  // called from inside Advance: the due timers are
                    // collected already
  return start_ + due.tick * kTick;
}

}  // namespace hon::netpoll
