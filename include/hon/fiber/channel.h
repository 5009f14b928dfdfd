#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "hon/appcontext/context.h"
#include "hon/base/error.h"
#include "hon/fiber/wait_queue.h"

namespace hon::fiber {

/// Thrown where Go panics: a value is sent on a closed channel, or a closed channel closed.
class ClosedChannel final : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

namespace internal {

class Selection;

/// The operations on elements that a channel without their type needs.
struct ElementType {
  size_t bytes;
  std::align_val_t align;
  void (*store)(void* slot, void* from);  // move-constructs in raw memory
  void (*destroy)(void* slot);
  void (*deliver)(void* to_optional, void* from);
  void (*clear)(void* to_optional);
};

/// The channel without the type of its elements.
class ChannelCore {
 public:
  ChannelCore(const ElementType& type, size_t capacity);
  ~ChannelCore();
  ChannelCore(const ChannelCore&) = delete;
  ChannelCore& operator=(const ChannelCore&) = delete;

  // Default context: the fiber's own.
  Error Send(void* from);
  Error Send(const appcontext::Context& context, void* from);
  void Receive(void* to_optional);
  void Receive(const appcontext::Context& context, void* to_optional);
  bool TrySend(void* from);
  void TryReceive(void* to_optional);
  void Close();
  [[nodiscard]] size_t Len() const;
  [[nodiscard]] size_t Cap() const { return capacity_; }

 private:
  friend class Selection;
  struct Node;
  enum class Step : unsigned char { kDone, kClosed, kMustWait };

  // Called with the guard held.
  Step SendNow(void* from);
  Step ReceiveNow(void* to_optional);
  static Node* PopClaimed(WaitQueue& queue);
  void Store(void* from);
  [[nodiscard]] void* Slot(size_t index) const;

  const ElementType* type_;
  const size_t capacity_;
  std::byte* slots_ = nullptr;  // a ring
  size_t first_ = 0;
  size_t size_ = 0;
  bool closed_ = false;
  mutable std::mutex guard_;
  WaitQueue senders_;
  WaitQueue receivers_;
};

template <class T>
inline constexpr ElementType kElementType = {
    sizeof(T),
    std::align_val_t{alignof(T)},
    [](void* slot, void* from) { ::new (slot) T(std::move(*static_cast<T*>(from))); },
    [](void* slot) { static_cast<T*>(slot)->~T(); },
    [](void* to_optional, void* from) {
      static_cast<std::optional<T>*>(to_optional)->emplace(std::move(*static_cast<T*>(from)));
    },
    [](void* to_optional) { static_cast<std::optional<T>*>(to_optional)->reset(); }};

}  // namespace internal

/// One case of a Select; Channel makes them. A default-constructed case is never taken, as a nil
/// channel in Go.
class Case {
 public:
  Case() = default;

 private:
  template <class T>
  friend class Channel;
  friend class internal::Selection;
  Case(internal::ChannelCore& channel, void* place, bool sends)
      : channel_(&channel), place_(place), sends_(sends) {}

  internal::ChannelCore* channel_ = nullptr;
  void* place_ = nullptr;
  bool sends_ = false;
};

/// Go's chan for fibers of any loops and for plain threads: a waiting fiber is suspended, a waiting
/// thread blocks. First come, first served. With a capacity, as many values are buffered; without
/// one, a send waits for its receive. Neither send nor receive allocates.
///
/// The calls that wait end with a context, the fiber's own when none is given. With a context that
/// has already ended they do nothing.
///
/// T moves without throwing and need not be copyable. The channel outlives all calls on it.
template <class T>
class Channel {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>,
                "a channel moves its values between stacks: put it in a std::unique_ptr");

 public:
  /// Throws std::length_error or std::bad_alloc when there is no room for `capacity` values.
  explicit Channel(size_t capacity = 0) : core_(internal::kElementType<T>, capacity) {}

  /// Returns the context's cause when the context ended first; `value` is lost then. Throws
  /// ClosedChannel when the channel is closed, or is closed during the wait.
  Error Send(T value) { return core_.Send(std::addressof(value)); }
  Error Send(const appcontext::Context& context, T value) {
    return core_.Send(context, std::addressof(value));
  }
  /// The next value. Empty when the channel is closed and has no values, or when the context has
  /// ended (distinguish by its Done()).
  [[nodiscard]] std::optional<T> Receive() {
    std::optional<T> value;
    core_.Receive(&value);
    return value;
  }
  [[nodiscard]] std::optional<T> Receive(const appcontext::Context& context) {
    std::optional<T> value;
    core_.Receive(context, &value);
    return value;
  }

  /// Sends if that needs no wait; otherwise `value` is unchanged. Any thread, never waits.
  [[nodiscard]] bool TrySend(T&& value) { return core_.TrySend(std::addressof(value)); }
  [[nodiscard]] bool TrySend(const T& value) {
    T copy(value);
    return core_.TrySend(std::addressof(copy));
  }
  /// A value, if one is available without waiting.
  [[nodiscard]] std::optional<T> TryReceive() {
    std::optional<T> value;
    core_.TryReceive(&value);
    return value;
  }

  /// Closes the channel: receives get the buffered values and then nothing. Any thread, never
  /// waits. Throws ClosedChannel when the channel is already closed.
  void Close() { core_.Close(); }

  /// The buffered values, and the capacity.
  [[nodiscard]] size_t Len() const { return core_.Len(); }
  [[nodiscard]] size_t Cap() const { return core_.Cap(); }

  /// For Select: receives into `to`, which is left empty when the channel is closed and has no
  /// values.
  [[nodiscard]] Case ToReceive(std::optional<T>& to) { return {core_, &to, false}; }
  /// For Select: sends `value`, which is moved from only when this case is taken.
  [[nodiscard]] Case ToSend(T& value) { return {core_, std::addressof(value), true}; }
  [[nodiscard]] Case ToSend(T&& value) { return {core_, std::addressof(value), true}; }

  /// `for (T& value : channel)` receives until Receive gives nothing.
  struct End {};
  class Iterator {
   public:
    explicit Iterator(Channel& channel) : channel_(&channel), value_(channel.Receive()) {}
    T& operator*() { return *value_; }
    Iterator& operator++() {
      channel_->core_.Receive(&value_);
      return *this;
    }
    bool operator!=(End) const { return value_.has_value(); }

   private:
    Channel* channel_;
    std::optional<T> value_;
  };
  Iterator begin() { return Iterator(*this); }
  End end() { return {}; }

 private:
  internal::ChannelCore core_;
};

}  // namespace hon::fiber
