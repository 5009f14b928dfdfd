#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>

#include "hon/appcontext/context.h"
#include "hon/base/time.h"
#include "hon/fiber/channel.h"

namespace hon::fiber {

/// The results of Select when no case was taken.
inline constexpr int kTimedOut = -1;  // after the timeout; Go's `default` is a timeout of zero
inline constexpr int kContextEnded = -2;

/// The most cases of one Select. Up to eight need no allocation.
inline constexpr size_t kSelectCasesMax = 60;

/// Go's select, for fibers and plain threads: waits until one of `cases` is ready, takes it and
/// returns its index; among several ready cases the choice is random. kTimedOut after `timeout`, at
/// once with a timeout of zero. kContextEnded when `context` (default: the fiber's own) ends first
/// or has already ended. Without a case that can become ready, waits for one of these.
///
///     std::optional<int> number;
///     switch (fiber::Select({numbers.ToReceive(number), texts.ToSend(text)}, 1s)) {
///       case 0: ...  // number is empty when numbers is closed
///       case 1: ...  // text was sent
///       default: ... // fiber::kTimedOut or fiber::kContextEnded
///     }
///
/// Throws ClosedChannel when the case taken is a send on a closed channel, and std::length_error
/// for more than kSelectCasesMax cases.
int Select(std::span<const Case> cases, Duration timeout = kUnlimited);
int Select(const appcontext::Context& context, std::span<const Case> cases,
           Duration timeout = kUnlimited);

inline int Select(std::initializer_list<Case> cases, Duration timeout = kUnlimited) {
  return Select(std::span<const Case>(cases.begin(), cases.size()), timeout);
}
inline int Select(const appcontext::Context& context, std::initializer_list<Case> cases,
                  Duration timeout = kUnlimited) {
  return Select(context, std::span<const Case>(cases.begin(), cases.size()), timeout);
}

}  // namespace hon::fiber
