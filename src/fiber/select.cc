#include "hon/fiber/select.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>

#include "fiber/channel_node.h"
#include "fiber/sleeper.h"
#include "hon/fiber/fiber.h"

namespace hon::fiber {
namespace internal {

/// The cases of one Select. All steps but the choice run with all channels locked, in the order of
/// their addresses; so a ready case stays ready, and two Selects that offer each other a value both
/// see it.
class Selection {
 public:
  explicit Selection(std::span<const Case> cases) : cases_(cases) {
    if (cases.size() > kFew) many_ = std::make_unique<ChannelCore::Node[]>(cases.size());
    nodes_ = many_ != nullptr ? many_.get() : few_.data();
    for (const Case& c : cases) {
      if (c.channel_ != nullptr) channels_[channel_count_++] = c.channel_;
    }
    ChannelCore** end = channels_.data() + channel_count_;
    std::sort(channels_.data(), end);
    channel_count_ = static_cast<size_t>(std::unique(channels_.data(), end) - channels_.data());
  }

  void Lock() {
    for (size_t i = 0; i < channel_count_; ++i) channels_[i]->guard_.lock();
  }
  void Unlock() {
    for (size_t i = channel_count_; i != 0; --i) channels_[i - 1]->guard_.unlock();
  }

  /// Takes a ready case, if there is one: checks them all, from a random one on.
  int Try();
  void Enqueue(Sleeper& sleeper);
  void Dequeue();

  [[nodiscard]] int Chosen() const { return chosen_.load(std::memory_order_relaxed); }
  /// Whether the case that was taken is a send on a closed channel.
  [[nodiscard]] bool SentOnClosed() const { return sent_on_closed_; }

 private:
  static constexpr size_t kFew = 8;

  int Take(size_t index);

  std::span<const Case> cases_;
  std::array<ChannelCore*, kSelectCasesMax> channels_;
  size_t channel_count_ = 0;
  std::array<ChannelCore::Node, kFew> few_;
  std::unique_ptr<ChannelCore::Node[]> many_;
  ChannelCore::Node* nodes_ = nullptr;
  std::atomic<int> chosen_{-1};
  bool sent_on_closed_ = false;
};

namespace {

uint32_t Random() {
  thread_local uint32_t state = static_cast<uint32_t>(Clock::now().time_since_epoch().count()) | 1;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

}  // namespace

int Selection::Try() {
  if (cases_.empty()) return -1;
  // The choice among the ready cases must be even; a random start alone would favour the case
  // behind a gap.
  std::array<uint8_t, kSelectCasesMax> order;
  for (size_t i = 0; i < cases_.size(); ++i) {
    const size_t j = Random() % (i + 1);
    order[i] = order[j];
    order[j] = static_cast<uint8_t>(i);
  }
  for (size_t i = 0; i < cases_.size(); ++i) {
    if (const int taken = Take(order[i]); taken >= 0) return taken;
  }
  return -1;
}

int Selection::Take(size_t index) {
  const Case& c = cases_[index];
  if (c.channel_ == nullptr) return -1;
  const ChannelCore::Step step =
      c.sends_ ? c.channel_->SendNow(c.place_) : c.channel_->ReceiveNow(c.place_);
  if (step == ChannelCore::Step::kMustWait) return -1;
  if (step == ChannelCore::Step::kClosed) {
    if (c.sends_) sent_on_closed_ = true;
    if (!c.sends_) c.channel_->type_->clear(c.place_);
  }
  return static_cast<int>(index);
}

void Selection::Enqueue(Sleeper& sleeper) {
  for (size_t i = 0; i < cases_.size(); ++i) {
    const Case& c = cases_[i];
    if (c.channel_ == nullptr) continue;
    ChannelCore::Node& node = nodes_[i];
    node.sleeper = &sleeper;
    node.place = c.place_;
    node.chosen = &chosen_;
    node.index = static_cast<int>(i);
    (c.sends_ ? c.channel_->senders_ : c.channel_->receivers_).PushBack(node);
  }
}

void Selection::Dequeue() {
  for (size_t i = 0; i < cases_.size(); ++i) {
    const Case& c = cases_[i];
    if (c.channel_ == nullptr) continue;
    if (nodes_[i].Linked()) WaitQueue::Remove(nodes_[i]);
  }
  if (Chosen() < 0) return;
  const Case& c = cases_[static_cast<size_t>(Chosen())];
  if (!nodes_[Chosen()].closed) return;
  if (c.sends_) sent_on_closed_ = true;
  if (!c.sends_) c.channel_->type_->clear(c.place_);
}

}  // namespace internal

int Select(std::span<const Case> cases, Duration timeout) {
  return Select(CurrentContext(), cases, timeout);
}

int Select(const appcontext::Context& context, std::span<const Case> cases, Duration timeout) {
  if (cases.size() > kSelectCasesMax) throw std::length_error("select: too many cases");
  if (context.Done()) return kContextEnded;
  internal::Selection selection(cases);
  selection.Lock();
  int taken = selection.Try();
  if (taken < 0 && timeout > Duration::zero()) {
    internal::Sleeper sleeper(
        context, timeout == kUnlimited ? kNever : DeadlineAfter(Clock::now(), timeout));
    selection.Enqueue(sleeper);
    while (selection.Chosen() < 0 && !sleeper.Over()) {
      selection.Unlock();
      sleeper.Park();
      selection.Lock();
    }
    selection.Dequeue();
    taken = selection.Chosen();
  }
  selection.Unlock();
  if (selection.SentOnClosed()) throw ClosedChannel("send on closed channel");
  if (taken >= 0) return taken;
  return context.Done() ? kContextEnded : kTimedOut;
}

}  // namespace hon::fiber
