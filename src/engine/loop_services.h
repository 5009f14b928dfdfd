#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "engine/conn_list.h"
#include "engine/conn_scope.h"
#include "engine/date_text.h"
#include "engine/exchange_pool.h"
#include "engine/handler_runner.h"
#include "engine/http2_counts.h"
#include "engine/http2_pool.h"
#include "engine/loop_memory.h"
#include "engine/serve_queue.h"
#include "hon/adaptor/head_parser.h"
#include "hon/adaptor/refusal.h"
#include "hon/engine/engine.h"
#include "hon/fiber/conn.h"
#include "hon/fiber/fiber.h"
#include "hon/netpoll/loop.h"
#include "io/page_cache.h"

namespace hon::engine {

/// A request that the engine answers in place of a handler.
struct Refused {
  adaptor::Refusal refusal;
  std::string_view peer;
  std::string_view pattern = {};
  bool head = false;                         // its method is HEAD
  const http::Header* set_before = nullptr;  // fields that the handler had set before its failure
};

/// The answer to such a request where no head of HTTP/1 is written.
struct RefusedAnswer {
  Event event;               // the event to report; its views are those of the Refused
  std::string content_type;  // "": none
  std::string body;
};

/// The state that the connections and exchanges of one loop share: settings, pools, clock, limits
/// and hooks. Used on the loop's thread, unless a member says otherwise.
struct LoopServices {
  LoopServices(Engine& its_engine, fiber::Scheduler& its_scheduler,
               const ConnSettings& its_settings, LoopEngine::Shared& its_shared,
               ConnHooks its_hooks, std::atomic<uint64_t>& request_count);
  LoopServices(const LoopServices&) = delete;
  LoopServices& operator=(const LoopServices&) = delete;

  // The members that each request uses, side by side.
  netpoll::Loop& loop;
  fiber::Scheduler& scheduler;
  const Engine& engine;
  std::atomic<uint64_t>& requests;     // requests whose handlers were called; any thread reads
  LoopEngine::Shared& shared;          // of all loops of the server
  std::atomic<bool> keep_alive{true};  // connections go on after an answer; any thread reads
  const bool limits_requests;          // WithMaxInFlight
  bool scarce = false;                 // memory is scarce: further requests are answered 503
  const Duration request_timeout;      // WithRequestTimeout
  const ConnSettings settings;
  const adaptor::HeadParser parser;
  ExchangePool exchanges;
  Http2ExchangePool http2_exchanges;
  Http2Counts http2_counts;
  DateText date;
  HandlerRunner runner;

  // The members that each connection uses.
  LoopMemory memory;
  io::PageCacheProbe files;
  const ConnHooks hooks;
  ServeQueue queue;
  ConnList conns;
  size_t served = 0;  // connections that are neither closed nor taken over
  bool draining = false;
  ConnScope base_scope;            // of connections without a gate
  fiber::ConnGroup hijacked;       // connections that were taken over
  fiber::ConnGroup lent;           // connections whose answers go on without their handlers
  std::function<void()> on_empty;  // called once when no connection is left; empty: nobody waits

  /// Counts a request that is served, until LeaveRequest. Returns false when the limit is reached.
  [[nodiscard]] bool EnterRequest() { return !(limits_requests | scarce) || EnterLimitedRequest(); }
  void LeaveRequest() {
    if (limits_requests) [[unlikely]]
      shared.in_flight.fetch_sub(1, std::memory_order_relaxed);
  }
  /// Writes the answer to a request that no handler answers, with the text of WithErrorReply if the
  /// hook gives one, and returns the event to report.
  [[nodiscard, gnu::cold]] Event AnswerRefused(const Refused& refused, io::LinkBuffer& out);
  /// As AnswerRefused, but in parts.
  [[nodiscard, gnu::cold]] RefusedAnswer MakeRefusedAnswer(const Refused& refused);
  /// Calls the hook of WithConnState, if there is one.
  void ReportState(netpoll::Connection& connection, ConnState state) {
    if (hooks.on_state) [[unlikely]]
      CallStateHook(connection, state);
  }
  /// Gives `connection` to its handler, which owns it until the returned object is destroyed.
  [[nodiscard, gnu::cold]] std::unique_ptr<io::Conn> TakeOver(netpoll::Connection& connection);
  /// Counts an accepted connection. Returns false when the limit is reached.
  [[nodiscard]] bool EnterConnection(const netpoll::Connection& connection);
  /// A connection is no longer served: it was closed or taken over.
  void LeaveConnection();
  /// Undoes the count of EnterConnection for the peer's address.
  void UncountPeer(const netpoll::Connection& connection);
  /// Calls on_empty if no connection is left.
  void TellWhenEmpty();

 private:
  [[nodiscard, gnu::cold]] bool EnterLimitedRequest();
  [[gnu::cold]] void CallStateHook(netpoll::Connection& connection, ConnState state);
  [[nodiscard]] std::optional<ErrorReply> OwnReply(const Event& event);
};

}  // namespace hon::engine
