#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace hon {

/// The transitions of a state machine by state and event, for a look-up without a search. `State`
/// and `Event` are enums whose values count from 0, `kStates` and `kEvents` of them.
template <class State, size_t kStates, class Event, size_t kEvents>
class TransitionTable {
 public:
  struct Transition {
    State from;
    Event on;
    State to;
  };

  template <size_t kCount>
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): the type of a list of initialisers
  explicit constexpr TransitionTable(const Transition (&transitions)[kCount]) {
    for (const Transition& one : transitions) {
      next_[static_cast<size_t>(one.on)][static_cast<size_t>(one.from)] =
          static_cast<uint8_t>(static_cast<uint8_t>(one.to) + 1);
    }
  }

  /// The state after `on`, or nothing for a transition that our own code must not make: callers
  /// assert.
  [[nodiscard]] constexpr std::optional<State> Next(State from, Event on) const {
    const uint8_t next = next_[static_cast<size_t>(on)][static_cast<size_t>(from)];
    if (next == 0) return std::nullopt;
    return static_cast<State>(next - 1);
  }

 private:
  std::array<std::array<uint8_t, kStates>, kEvents> next_{};  // plus one; 0: no transition
};

}  // namespace hon
