#pragma once

// sse: server-sent events over the public contract (ResponseWriter, Flusher, ResponseController).
// Knows no socket and no engine. Read next: broadcaster.h, for one stream to many clients.

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
  /// A client that takes one event for longer than this has gone, for all that anybody knows: the
  /// connection is cut. Replaces the server's write timeout, which counts a whole answer.
  Duration write_timeout = std::chrono::seconds(30);
  /// Wait sends a comment this often, so that proxies keep the connection and a client that
  /// vanished without a word is found out. kUnlimited: never.
  Duration heartbeat = std::chrono::seconds(15);
};

/// One client's stream of events. Made, used and dropped by the handler, on its fiber; holds `w`
/// and `r`, and dies with them.
class Writer {
 public:
  /// Sends the head: 200, Content-Type text/event-stream, and unless the handler has set them
  /// Cache-Control "no-cache, no-transform" and X-Accel-Buffering "no", by which proxies pass on
  /// each event at once. The request's timeout (engine::WithRequestTimeout) no longer counts.
  /// Fails when the client is gone, and for HEAD, when the head has been sent all the same. Fails
  /// with http::ErrNotSupported when `w` cannot flush, as within http::TimeoutHandler: 500 has been
  /// answered then, with a text that names the writer.
  static Result<Writer> Start(http::ResponseWriter& w, http::Request& r,
                              WriterOptions options = {});

  /// Sends one event and flushes it: when this returns, the kernel has it. Errors: those of
  /// AppendEvent, after which the stream goes on; the cause of Context; what the connection gave,
  /// after which nothing more can be sent.
  Error Send(const Event& event);
  /// The same for an event of just data.
  Error Send(std::string_view data) { return Send(Event{.data = data}); }
  /// Sends a comment, which clients ignore.
  Error Comment(std::string_view text = {});

  /// Waits for `time`, with a heartbeat now and then. Returns early with the cause when Context
  /// ends, or with what the connection gave.
  Error Wait(Duration time);

  /// Ends with the request's context (the client has left), and when the server begins to shut
  /// down: the handler then returns, and the client connects again, elsewhere or later. For waits
  /// for other things than time.
  [[nodiscard]] const appcontext::Context& Context() const { return life_->context; }

  /// The id of the last event that this client saw before it connected again; "" when this is
  /// its first time. Any text: the client's to choose.
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
    ~Life() { forget_shutdown(); }

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
