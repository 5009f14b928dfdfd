#pragma once

// The lines that the library writes to stderr by itself. A thread of its own writes them, so that
// no loop ever waits for whoever reads stderr.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hon/base/time.h"

namespace hon {

/// Of the lines of one kind, this many may come at once; then kLogLinesPerSecond of them.
inline constexpr uint32_t kLogLinesBurst = 100;
/// Lines of one kind that are written in a second; the others are counted, and one line tells how
/// many they were.
inline constexpr uint32_t kLogLinesPerSecond = 10;
/// Bytes of one kind of lines that wait for stderr to take them; further ones are counted instead.
inline constexpr size_t kLogBytesPerKindMax = size_t{32} << 10;
/// A program that ends waits this long for stderr to take the lines that are left.
inline constexpr Duration kLogEndWait = std::chrono::milliseconds(200);

/// What lines are counted and limited together. Each kind has a budget of its own, so that clients
/// cannot crowd out the lines of another kind.
enum class LogKind : uint8_t {
  kOther,
  kPanic,
  kBadRequest,
  kHandler,
  kAccept,
  kListener,
  kHandshake,
  kStall,
  kCallback,
};
inline constexpr size_t kLogKinds = 9;

/// Whether a line of `kind` may be logged now: takes one from the kind's budget, or counts a line
/// that was left out. Ask before a line is made; LogLine does not ask. Any thread; never waits.
[[nodiscard]] bool AdmitLogLine(LogKind kind) noexcept;
/// Queues `line`, which ends in '\n', for stderr. A kind that has kLogBytesPerKindMax waiting, and
/// a line that no memory is left for, are counted as left out. Any thread; never waits.
void LogLine(LogKind kind, std::string_view line) noexcept;
/// Waits until stderr has taken all lines that were queued, at most `wait_max`. False: some are
/// left. Not on a loop's thread.
bool FlushLog(Duration wait_max) noexcept;

}  // namespace hon
