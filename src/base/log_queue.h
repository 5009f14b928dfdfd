#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

#include "hon/base/log.h"
#include "hon/base/thread.h"

namespace hon {

/// Lines on their way to a descriptor. One thread writes, started by the first line; the writer may
/// wait for the descriptor for ever, the callers never wait.
class LogQueue {
 public:
  /// `fd` is borrowed.
  explicit LogQueue(int fd) : fd_(fd) {}
  /// Drops the queued lines. Waits for a write in progress, so `fd` must accept it.
  ~LogQueue();
  LogQueue(const LogQueue&) = delete;
  LogQueue& operator=(const LogQueue&) = delete;

  /// AdmitLogLine at the time `now`.
  [[nodiscard]] bool Admit(LogKind kind, TimePoint now) noexcept;
  /// LogLine.
  void Add(LogKind kind, std::string_view line) noexcept;
  /// FlushLog.
  bool Flush(Duration wait_max) noexcept;
  /// Called around fork: the child has no writer, and starts one with its next line.
  void BeforeFork() { mutex_.lock(); }
  void AfterFork(bool in_child);

 private:
  struct Line {
    LogKind kind;
    std::string text;
  };
  struct Budget {
    TimePoint full_at{};    // the time at which the budget is full
    uint64_t left_out = 0;  // since the last report
    size_t bytes_waiting = 0;
  };

  void StartWriter();
  void WriteReady();
  void Write();
  void WriteAll(std::string_view text);
  [[nodiscard]] std::string TakeFront();
  [[nodiscard]] std::string_view LeftOut();

  const int fd_;
  std::mutex mutex_;  // never held across a write
  std::condition_variable changed_;
  std::condition_variable idle_;
  std::deque<Line> lines_;
  std::array<Budget, kLogKinds> budgets_;
  std::array<char, kLogKinds * 80> told_;  // the writer's: counts of lines that were left out
  Thread writer_;
  bool has_writer_ = false;
  bool writing_ = false;
  bool left_out_any_ = false;
  bool stop_ = false;
};

}  // namespace hon
