#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "hon/base/thread.h"
#include "hon/engine/engine.h"
#include "hon/sse/broadcaster.h"

namespace hon::app {

/// The figures that the server gives about itself.
struct ServerFigures {
  std::string backend;
  uint64_t requests = 0;                 // since the start
  size_t connections = 0;                // now
  std::vector<size_t> loop_connections;  // now, by loop
  engine::Http2Stats http2;              // since the start
};

/// Subscribers of figures get the last two minutes of them at once.
inline constexpr sse::BroadcasterOptions kFiguresStream = {
    .events_max = 120, .slow = sse::Slow::kSkip, .newcomer = sse::Newcomer::kOldest};

/// Measures the process once a second, on a thread of its own, and publishes the figures.
class Figures {
 public:
  /// `ask` is called on the measuring thread, and by Json; each event is a JSON object of the
  /// members that Json gives. `stream` must outlive the Figures.
  Figures(std::function<ServerFigures()> ask, sse::Broadcaster& stream);
  ~Figures();
  Figures(const Figures&) = delete;
  Figures& operator=(const Figures&) = delete;

  /// The figures of this moment, as the members of a JSON object, without its braces:
  /// "ms" and "started" (Unix time), "requests", "connections", "loops" (connections of each),
  /// "cpu_ms" (processor time so far), "memory" (resident bytes), "http2" (an object of the members
  /// of engine::Http2Stats), "backend", "version". Any thread.
  [[nodiscard]] std::string Json() const;

 private:
  void Run();

  std::function<ServerFigures()> ask_;
  sse::Broadcaster* stream_;
  int64_t started_ms_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  Thread thread_;
};

}  // namespace hon::app
