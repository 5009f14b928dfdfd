#pragma once

// sse: server-sent events over the public contract (ResponseWriter, Flusher, ResponseController).
// Independent of sockets and of the engine. Read next: broadcaster.h, for one stream to many
// clients.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "hon/appcontext/context.h"
#include "hon/base/result.h"
#include "hon/base/time.h"
#include "hon/http/request.h"
#include "hon/http/response_writer.h"
#include "hon/sse/event.h"

namespace hon::sse {

struct WriterOptions {
  /// A client that does not take one event within this time is considered gone: its connection is
  /// cut. Replaces the server's write timeout, which counts a whole answer.
  Duration write_timeout = std::chrono::seconds(30);
  /// Interval of the comments that Wait sends, so that proxies keep the connection and a vanished
  /// client is detected. kUnlimited: never.
  Duration heartbeat = std::chrono::seconds(15);
};

/// One client's stream of events. Made, used and destroyed by the handler, on its fiber; refers to
/// `w` and `r`, and must not outlive them.
class Writer {
 public:
  /// Sends the head: 200, Content-Type text/event-stream, and unless the handler has set them
  /// Cache-Control "no-cache, no-transform" and X-Accel-Buffering "no", which make proxies pass on
  /// each event at once. The request's timeout (engine::WithRequestTimeout) is lifted. Fails when
  /// the client is gone, and for HEAD, whose answer is complete after the head. Fails with
  /// http::ErrNotSupported when `w` cannot flush, as within http::TimeoutHandler: the answer is
  /// then 500 with a text that names the writer.
  static Result<Writer> Start(http::ResponseWriter& w, http::Request& r,
                              WriterOptions options = {});

  /// Sends one event and flushes it: on return, the kernel has it. Errors: those of AppendEvent,
  /// after which the stream goes on; the cause of Context; the error of the connection, after which
  /// nothing more can be sent.
  Error Send(const Event& event);
  /// Sends an event that has only data.
  Error Send(std::string_view data) { return Send(Event{.data = data}); }
  /// Sends a comment, which clients ignore.
  Error Comment(std::string_view text = {});

  /// Waits for `time`, with heartbeats. Returns early with the cause when Context ends, or with the
  /// error of the connection.
  Error Wait(Duration time);

  /// Ends with the request's context (the client has left), and when the server begins to shut
  /// down: the handler then returns, and the client reconnects, elsewhere or later. For waits that
  /// are not waits for time.
  [[nodiscard]] const appcontext::Context& Context() const { return life_->context; }

  /// The id of the last event that this client received before it reconnected; "" on its first
  /// connection. Any text: the client chooses it.
  [[nodiscard]] std::string_view LastEventId() const { return LastEventId(*request_); }
  [[nodiscard]] static std::string_view LastEventId(const http::Request& r) {
    return r.Header.Get("Last-Event-ID");
  }

  /// Sends text that AppendEvent and AppendComment made.
  Error SendRaw(std::string_view text);

 private:
  struct Life {
    Life() = default;
    Life(const Life&) = delete;
    Life& operator=(const Life&) = delete;
    ~Life() {
      if (forget_shutdown) forget_shutdown();
    }

    appcontext::Context context;
    std::function<bool()> forget_shutdown;
  };

  Writer(http::ResponseWriter& w, http::Request& r, const WriterOptions& options);
  [[nodiscard]] Error PutOff();

  http::ResponseWriter* out_;
  http::Request* request_;
  WriterOptions options_;
  std::unique_ptr<Life> life_;
  std::string text_;  // of one event; keeps its capacity
};

}  // namespace hon::sse
