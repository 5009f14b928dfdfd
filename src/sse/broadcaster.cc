#include "hon/sse/broadcaster.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/fiber/channel.h"
#include "hon/fiber/select.h"
#include "hon/http/reply.h"
#include "hon/http/status.h"
#include "sse/ring.h"
#include "sse/stream.h"
#include "sse/stream_fields.h"

namespace hon::sse {

using internal::Ring;
using internal::RingCursor;
using internal::Stream;
using internal::TextPtr;

namespace {

/// A subscriber that waits on its handler's fiber.
class Subscription {
 public:
  explicit Subscription(RingCursor cursor) : cursor_(std::move(cursor)) {
    cursor_.GetRing().Add(bell_);
  }
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription() { cursor_.GetRing().Remove(bell_); }

  /// Sends the available events until the stream ends.
  void Run(Writer& stream, Duration heartbeat) {
    std::vector<TextPtr> texts;
    std::optional<bool> rung;
    bool more = true;
    while (more) {
      more = cursor_.Take(texts);
      for (const TextPtr& text : texts) {
        if (stream.SendRaw(*text)) return;
      }
      if (!texts.empty() || !more) continue;
      const int woken = fiber::Select(stream.Context(), {bell_.ToReceive(rung)}, heartbeat);
      if (woken == fiber::kContextEnded) return;
      if (woken == fiber::kTimedOut && stream.Comment()) return;
    }
  }

 private:
  RingCursor cursor_;
  fiber::Channel<bool> bell_{1};
};

}  // namespace

Broadcaster::Broadcaster(BroadcasterOptions options)
    : options_(options), ring_(std::make_shared<Ring>(options_)) {}

Broadcaster::~Broadcaster() { Close(); }

Error Broadcaster::Publish(const Event& event) { return ring_->Add(event); }

void Broadcaster::Close() { ring_->Close(); }

void Broadcaster::ServeHTTP(http::ResponseWriter& w, http::Request& r) {
  std::optional<RingCursor> cursor = ring_->Enter(Writer::LastEventId(r));
  if (!cursor) {
    w.Header().Set("Retry-After", "1");
    return http::ReplyError(w, "too many subscribers", http::StatusServiceUnavailable);
  }
  internal::SetStreamFields(w.Header());
  if (!Stream::Start(w, cursor, options_.writer)) return;
  Result<Writer> stream = Writer::Start(w, r, options_.writer);
  if (!stream) return;
  Subscription(*std::move(cursor)).Run(*stream, options_.writer.heartbeat);
}

size_t Broadcaster::Subscribers() const { return ring_->Subscribers(); }
uint64_t Broadcaster::Missed() const { return ring_->Missed(); }

}  // namespace hon::sse
