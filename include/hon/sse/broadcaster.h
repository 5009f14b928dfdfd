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

/// What becomes of a subscriber that is so slow that the next event for it is no longer kept.
enum class Slow : uint8_t {
  kDisconnect,  // its stream ends; it connects again and goes on with what is kept then
  kSkip,        // it goes on with the oldest event that is kept
};

/// Where a client begins that has seen nothing yet.
enum class Newcomer : uint8_t {
  kNext,    // with the next event that is published
  kOldest,  // with all that are kept
};

struct BroadcasterOptions {
  /// Events that are kept: for clients that come back, and for subscribers that are slow. The
  /// newest one is kept whatever its size.
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
/// Events are kept once, as they are sent, in a ring that all subscribers read at their own pace:
/// a slow one holds up nobody, and costs no more than what is on its way to it: an event, or some
/// that are 64 KiB together. A client that lost its connection goes on behind the Last-Event-ID
/// that it sends, or with all that is kept when that event is not.
///
/// Streams end when their client leaves, when the server shuts down, and with Close. Must outlive
/// the handlers that run: destroy the server first.
///
/// A subscriber waits without a fiber and without a stack: once the head is sent, ServeHTTP hands
/// the connection over and returns, and the stream goes on. To the server it is then one that was
/// hijacked (http::Hijacker), and it closes at the end. The stream stays on the handler's fiber,
/// and ServeHTTP returns at its end, where that cannot be: `w` wraps another writer (whatever that
/// does to the answer holds to its end), the request has a body, or the writer cannot hijack.
class Broadcaster final : public http::Handler {
 public:
  explicit Broadcaster(BroadcasterOptions options = {});
  ~Broadcaster() override;
  Broadcaster(const Broadcaster&) = delete;
  Broadcaster& operator=(const Broadcaster&) = delete;

  /// Sends an event to all. Any thread or fiber; never waits for a subscriber, and tells each loop
  /// once, however many it has. Without an id it gets one, which no other Broadcaster gives.
  /// Errors: those of AppendEvent.
  Error Publish(const Event& event);
  /// Ends all streams once they have sent what is kept, and new ones likewise. Any thread.
  void Close();

  /// Subscribes the client until its stream ends, which may be later than this returns.
  void ServeHTTP(http::ResponseWriter& w, http::Request& r) override;

  /// Streams now. Any thread.
  [[nodiscard]] size_t Subscribers() const;
  /// Events that slow subscribers have missed, added up. Any thread.
  [[nodiscard]] uint64_t Missed() const;

 private:
  BroadcasterOptions options_;
  std::shared_ptr<internal::Ring> ring_;
};

}  // namespace hon::sse
