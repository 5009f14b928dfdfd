#pragma once

// The engine runs a handler for the requests of connections: parse, dispatch, recover, drain, keep
// alive. The engine is the one room that stands on both transport and protocol. Programs use it
// through server::Server; the classes here are for embedding the engine in a netpoll program.

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "hon/base/time.h"
#include "hon/engine/conn_hooks.h"
#include "hon/engine/events.h"
#include "hon/engine/peer_counts.h"
#include "hon/engine/placement.h"
#include "hon/engine/settings.h"
#include "hon/http/handler.h"
#include "hon/http/server_context.h"
#include "hon/netpoll/connection.h"

namespace hon::fiber {
class BlockingPool;
class Scheduler;
}  // namespace hon::fiber

namespace hon::io {
class MemoryBudget;
}  // namespace hon::io

namespace hon::engine {

struct Options {
  Duration request_timeout = kUnlimited;
  EventHook on_event = LogToStderr;
  ErrorReplyHook error_reply;
  bool general_options = true;
  Placement placement = Placement::kAdaptive;
  Duration placement_limit = kPlacementLimit;
  unsigned workers_max = kWorkersMax;
  unsigned blocking_max = kBlockingMax;
  Duration stall_time = kStallTime;
  bool stall_stacks = true;
};

using Option = std::function<void(Options&)>;

/// The context of a request ends (ErrDeadlineExceeded) this long after its head was read, and every
/// wait of its handler returns. When the handler then returns without having written anything, the
/// engine answers 503. Default: unlimited.
Option WithRequestTimeout(Duration timeout);
/// Replaces the log line on stderr. EventHook says when the hook is called.
Option WithEventHook(EventHook hook);
/// Sets the text of the engine's own answers, to refused requests and for failed handlers.
/// ErrorReplyHook says when the hook is called.
Option WithErrorReply(ErrorReplyHook hook);
/// Whether the engine answers "OPTIONS *" itself (default). False: the handler answers (Go:
/// DisableGeneralOptionsHandler).
Option WithGeneralOptionsHandler(bool enabled);

/// Where handlers without a Place run. Default: kAdaptive.
Option WithPlacement(Placement placement);
/// Replaces kPlacementLimit: at least 1 us, at most 10 s.
Option WithPlacementLimit(Duration limit);
/// Replaces kWorkersMax: at least 1. Calls that find no worker wait for one.
Option WithMaxWorkers(unsigned workers_max);
/// Replaces kBlockingMax: at least 1. Calls that find no thread wait for one.
Option WithMaxBlocking(unsigned threads_max);

/// Replaces kStallTime: at least 1 ms; kUnlimited switches the watchdog off.
Option WithStallTime(Duration time);
/// Whether a report of a stall shows the stack of its thread (default: true). The stack is captured
/// by a signal, SIGURG, which may end a system call of the handler with EINTR where a restart is
/// not possible. Without effect when the program handles SIGURG itself, before the engine is made.
Option WithStallStacks(bool on);

/// Counters of HTTP/2 since the start, of one loop or of a server.
struct Http2Stats {
  uint64_t connections = 0;  // that spoke HTTP/2
  uint64_t streams = 0;      // opened by clients and served
  uint64_t refused = 0;      // streams past a limit, and frames for ended streams, that were reset
  uint64_t resets_received = 0;  // streams that clients have reset
  uint64_t resets_sent = 0;      // streams that were reset for a fault of the client's
  uint64_t goaways = 0;          // connections whose end was announced, for whatever reason
  uint64_t retired = 0;          // of those: at the limit of streams or age (Http2Limits)
  uint64_t floods = 0;           // connections ended with ENHANCE_YOUR_CALM
  uint64_t violations = 0;       // connections ended for another fault of the client's
  uint64_t stalls = 0;           // connections cut since the client did not take the output

  Http2Stats& operator+=(const Http2Stats& other);
};

class Engine;
class Runtime;

/// One engine on one loop: the EventHandler of the connections there. Lives on the loop's thread
/// from construction to destruction and must outlive its connections.
class LoopEngine : public netpoll::EventHandler {
 public:
  /// Counters shared by the loops of one server. Updated per connection; per request only when
  /// requests are limited.
  struct Shared {
    std::atomic<size_t> connections{0};  // served
    std::atomic<size_t> hijacked{0};
    size_t connections_max = SIZE_MAX;  // of the loops together; one more is answered 503
    PeerCounts peers;                   // of the loops together
    size_t per_peer_max = SIZE_MAX;
    std::atomic<size_t> in_flight{0};
    size_t in_flight_max = SIZE_MAX;  // requests served at once; one more is answered 503
    /// Counts the blocks of all loops; while memory is scarce, new connections and requests are
    /// answered 503. Null: unlimited. Set before the first loop, as idle_trim.
    io::MemoryBudget* budget = nullptr;
    /// A loop without new work for this long gives free memory back to the system.
    Duration idle_trim = kIdleTrimTime;
    std::atomic<unsigned> busy_loops{0};  // loops with new work
    /// Called on a thread of its own when a handler holds one of the loops, and when no loop is
    /// held any more; called again after a while unless it returns true. May be empty; set before
    /// the first loop.
    std::function<bool(bool any_held)> on_held;
  };

  static std::unique_ptr<LoopEngine> Create(Engine& engine, fiber::Scheduler& scheduler,
                                            const ConnSettings& settings, Shared& shared,
                                            ConnHooks hooks = {});

  /// The handler for connections whose requests' contexts derive from `base`: they see its values
  /// and end with it. Lives as long as the LoopEngine.
  virtual netpoll::EventHandler& Gate(appcontext::Context base) = 0;

  /// How long connections may go on once Drain was called.
  struct Grace {
    Duration idle{};      // of connections that wait for a request
    Duration hijacked{};  // of hijacked connections
    /// The cause of http::ShutdownContext.
    Error cause = http::ErrServerClosed;
  };
  /// Ends http::ShutdownContext for handlers, closes the connections that wait for a request at the
  /// end of their grace, and answers received requests with `Connection: close`. Hijacked
  /// connections have their grace to end by themselves, then EndHijacked follows. `on_empty` is
  /// called on the loop's thread, once, when no connection is left.
  virtual void Drain(Grace grace, std::function<void()> on_empty) = 0;
  /// Closes the hijacked connections: calls of their handlers on them fail with `cause`, and the
  /// contexts of handlers that have not returned end with `cause`.
  virtual void EndHijacked(const Error& cause) = 0;
  /// Cuts every connection that is served; request contexts end with `cause`.
  virtual void CutServed(const Error& cause) = 0;
  /// CutServed for hijacked connections too; no further request is served.
  virtual void CloseAll(const Error& cause) = 0;
  /// Whether connections go on after an answer. False also closes those that are idle now.
  virtual void SetKeepAlivesEnabled(bool enabled) = 0;
  /// Shared::budget is exceeded: cuts the connections of this loop that hold the most bytes.
  virtual void RelieveMemory() = 0;
  /// Connections that are served (hijacked ones are not).
  [[nodiscard]] virtual size_t Connections() const = 0;
  /// Any thread.
  [[nodiscard]] virtual Http2Stats GetHttp2Stats() const = 0;
  /// Requests whose handlers were called so far. Any thread.
  [[nodiscard]] uint64_t Requests() const { return requests_.load(std::memory_order_relaxed); }

 protected:
  /// Written on the loop's thread only.
  [[nodiscard]] std::atomic<uint64_t>& RequestCount() { return requests_; }

 private:
  std::atomic<uint64_t> requests_{0};
};

/// A handler and how its requests are run. Shared by all loops, immutable once serving.
class Engine {
 public:
  /// `handler` must outlive the engine.
  template <std::convertible_to<Option>... With>
  explicit Engine(http::Handler& handler, With... options)
      : Engine(&handler, Combined(std::move(options)...)) {}
  /// Must come after the end of the servers that use the engine. Waits for work that handlers have
  /// left running on workers.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  [[nodiscard]] http::Handler& Handler() const { return *handler_; }
  [[nodiscard]] const Options& GetOptions() const { return options_; }
  /// Calls the event hook. Any thread.
  void Report(const Event& event) const noexcept;
  /// Reports to the event hook that a callback of the program threw `why`. Any thread.
  void ReportThrown(std::string_view callback, const Error& why) const noexcept;
  /// `parent` with this engine as the appcontext::ThrowReporter of the contexts below.
  [[nodiscard]] appcontext::Context ReportingHere(const appcontext::Context& parent) const;
  /// The threads that run calls of fiber::Blocking, for all loops and workers (WithMaxBlocking).
  [[nodiscard]] fiber::BlockingPool& Blocking() const;
  /// The state that the engine's loops share: workers and watchdog.
  [[nodiscard]] Runtime& GetRuntime() const { return *runtime_; }

 private:
  class Reporter;

  Engine(http::Handler* handler, Options options);
  template <class... With>
  static Options Combined(With... with) {
    Options options;
    (Option(std::move(with))(options), ...);
    return options;
  }

  http::Handler* handler_;
  Options options_;
  std::shared_ptr<Reporter> reporter_;
  std::unique_ptr<Runtime> runtime_;
};

}  // namespace hon::engine
