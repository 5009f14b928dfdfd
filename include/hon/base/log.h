#pragma once

// The lines that the library writes to stderr by itself. A separate thread writes them, so that no
// loop ever waits for the reader of stderr.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "hon/base/time.h"

namespace hon {

/// Lines of one kind that may be written at once; after them, kLogLinesPerSecond.
inline constexpr uint32_t kLogLinesBurst = 100;
/// Lines of one kind that are written in a second; further lines are counted, and one line reports
/// the count.
inline constexpr uint32_t kLogLinesPerSecond = 10;
/// Bytes of one kind of lines that may wait for stderr; further lines are only counted.
inline constexpr size_t kLogBytesPerKindMax = size_t{32} << 10;
/// At its end a program waits this long for stderr to take the queued lines.
inline constexpr Duration kLogEndWait = std::chrono::milliseconds(200);

/// The kinds of lines that are counted and limited separately, so that clients cannot crowd out the
/// lines of another kind.
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
  kProtocol,
};
inline constexpr size_t kLogKinds = 10;

/// Whether a line of `kind` may be logged now: takes one from the kind's budget, or counts a line
/// that was left out. Call before a line is made; LogLine does not check the budget. Any thread;
/// never waits.
[[nodiscard]] bool AdmitLogLine(LogKind kind) noexcept;
/// Queues `line`, which ends in '\n', for stderr. When kLogBytesPerKindMax of the kind are waiting,
/// or memory is short, the line is counted as left out. Any thread; never waits.
void LogLine(LogKind kind, std::string_view line) noexcept;
/// Waits until stderr has taken all queued lines, at most `wait_max`. Returns false when some are
/// left. Not on a loop's thread.
bool FlushLog(Duration wait_max) noexcept;

}  // namespace hon
