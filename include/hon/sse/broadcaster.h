#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "hon/http/handler.h"
#include "hon/sse/writer.h"

namespace hon::sse {

namespace internal {
class Ring;  // src/sse
}

/// Streams of a broadcaster that a loop serves in one turn, before other connections get a turn.
inline constexpr size_t kStreamsPerTurnMax = 64;

/// The treatment of a subscriber that is so slow that its next event is no longer kept.
enum class Slow : uint8_t {
  kDisconnect,  // its stream ends; the client reconnects and continues with the events kept by then
  kSkip,        // it continues with the oldest kept event
};

/// The first event for a client without a Last-Event-ID.
enum class Newcomer : uint8_t {
  kNext,    // the next published event
  kOldest,  // the oldest kept event
};

struct BroadcasterOptions {
  /// Kept events: for clients that reconnect, and for slow subscribers. The newest event is kept at
  /// any size.
  size_t events_max = 256;
  size_t bytes_max = size_t{1} << 20;
  Slow slow = Slow::kDisconnect;
  Newcomer newcomer = Newcomer::kNext;
  /// Streams at once; one more is answered 503.
  size_t subscribers_max = 10'000;
  /// Each stream's write timeout and heartbeat.
  WriterOptions writer{};
};

/// One stream of events for many clients: `mux.Handle("GET /news", news)`, then `news.Publish`.
///
/// Events are kept once, in their encoded form, in a ring that all subscribers read at their own
/// pace: a slow subscriber delays no other, and costs only its output in flight: an event, or
/// several that are 64 KiB together. A client that lost its connection continues after the
/// Last-Event-ID that it sends, or with all kept events when that event is not kept any more.
///
/// Streams end when their client leaves, when the server shuts down, and with Close. The
/// Broadcaster must outlive the running handlers: destroy the server first.
///
/// A subscriber waits without a fiber and without a stack: ServeHTTP sends the head, detaches the
/// answer (http::ResponseWriter::Detach) and returns, and the stream goes on. The stream stays on
/// the handler's fiber, and ServeHTTP returns at its end, where `w` cannot detach: a wrapper of
/// another writer, whose effect on the answer holds to its end; an answer with a length or
/// trailers; a request with a body.
class Broadcaster final : public http::Handler {
 public:
  explicit Broadcaster(BroadcasterOptions options = {});
  ~Broadcaster() override;
  Broadcaster(const Broadcaster&) = delete;
  Broadcaster& operator=(const Broadcaster&) = delete;

  /// Sends an event to all subscribers. Any thread or fiber; never waits for a subscriber, and
  /// posts to each loop once, independent of its number of streams. An event without an id gets one
  /// that no other Broadcaster gives. Errors: those of AppendEvent.
  Error Publish(const Event& event);
  /// Ends all streams once they have sent the kept events, and new streams likewise. Any thread.
  void Close();

  /// Subscribes the client until its stream ends, which may be after the return of ServeHTTP.
  void ServeHTTP(http::ResponseWriter& w, http::Request& r) override;

  /// Streams now. Any thread.
  [[nodiscard]] size_t Subscribers() const;
  /// The sum of the events that slow subscribers have missed. Any thread.
  [[nodiscard]] uint64_t Missed() const;

 private:
  BroadcasterOptions options_;
  std::shared_ptr<internal::Ring> ring_;
};

}  // namespace hon::sse
