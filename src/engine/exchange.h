#pragma once

#include <array>
#include <memory>

#include "engine/exchange_stream.h"
#include "hon/adaptor/body_reader.h"
#include "hon/adaptor/head_parser.h"
#include "hon/adaptor/request_reader.h"
#include "hon/adaptor/response.h"
#include "hon/appcontext/reusable.h"
#include "hon/engine/placement.h"
#include "hon/http/handler.h"
#include "hon/io/link_buffer.h"
#include "hon/netpoll/timer.h"
#include "workers/burst_timer.h"

namespace hon::engine {

/// The client went away, or finished sending before its answer came: the cause of a request's
/// context that ended for that.
inline constexpr Sentinel ErrClientGone{"http: client disconnected"};
/// The cause of a request's context that ended by WithRequestTimeout.
inline constexpr Sentinel ErrRequestTimeout{"http: request timeout"};

class HttpConn;
class LoopEngineImpl;
class WorkerCall;

/// What an exchange leaves its connection to do.
enum class ExchangeEnd : uint8_t {
  kKeepAlive,  // the next request may follow
  kClose,      // send what is there, then close
  kLinger,     // the same, but the peer is still sending a body nobody reads
  kAbort,      // the answer is cut off in a way that only a reset can show
  kHijacked,
};

/// One request, its answer, and the fiber between them. Pooled by its loop's engine, which gives
/// it to a connection while a head is parsed and until the answer is complete.
class Exchange final : private adaptor::ConnControl, private netpoll::Timer {
 public:
  explicit Exchange(LoopEngineImpl& owner) : owner_(&owner) {}

  /// Tries to parse a head at the front of `in`. The views stay valid while the exchange lasts.
  adaptor::HeadStatus ReadHead(io::LinkBuffer& in, adaptor::HeadScan& scan);
  /// After kDone: its size.
  [[nodiscard]] size_t HeadBytes() const { return head_.size; }
  /// After kBad: why.
  [[nodiscard]] adaptor::Refusal WhyBad() const { return head_.refusal; }

  /// After kDone: consumes the head and builds the Request on `connection`. Anything but kNone
  /// turns the request away; the exchange is then given back unused.
  adaptor::Refusal Begin(HttpConn& conn, netpoll::Connection& connection);
  /// Runs the handler on a fiber until it has ended or first waits; then, on the same fiber, those
  /// of further requests while HttpConn::MayGoOn and they are there.
  void Start();

  // The connection's events, on the loop outside any fiber.
  void OnInput();
  void OnWritable() { stream_.OnWritable(); }
  void OnTimeout(netpoll::DeadlineKind kind);
  void OnDisconnect(const Error& why);
  /// Ends the context and every wait.
  void Cut(const Error& cause);

  /// The one whose handler runs on this fiber, inline; or null.
  [[nodiscard]] static Exchange* Running();
  // On its fiber, while a handler runs inline.
  /// Where the running call was to be placed, and whose it is.
  [[nodiscard]] Placement CallPlacement() const { return placement_; }
  [[nodiscard]] http::Route* CallRoute() const { return route_; }
  /// Calls `target` for the handler that runs, where it belongs.
  void ServeWithin(http::Target target, http::ResponseWriter& w, http::Request& r);

  /// Drops what ReadHead or Begin left, for an exchange that is not started.
  void Abandon();

 private:
  // adaptor::ConnControl
  Result<std::unique_ptr<io::Conn>> Hijack() override;
  Error SetRequestDeadline(TimePoint deadline) override;
  [[nodiscard]] bool KeepAlive() const override;
  void LogHandlerError(std::string_view message) override;
  // netpoll::Timer: the request timeout
  void OnTimer() override;

  void Run();
  [[nodiscard]] adaptor::Refusal FillRequest();
  void BeginRequest();
  void EndRequest();
  [[nodiscard]] bool NextRequest();
  [[nodiscard]] fiber::Attributes FiberAttributes();
  void End(ExchangeEnd end);
  void RefuseWithoutStack();
  [[nodiscard]] bool RunHandler();
  void Serve(const http::Target& target, http::ResponseWriter& w, http::Request& r);
  void ServeInline(http::Handler& handler, http::Route& route, http::ResponseWriter& w,
                   http::Request& r);
  [[nodiscard]] bool ServeOnWorker(http::Handler& handler, http::Route& route,
                                   http::ResponseWriter& w, http::Request& r);
  static void SuspendHook(void* self);
  void OnSuspend();
  void OnResume();
  void PauseCall();
  void AnswerOptions();
  [[nodiscard]] adaptor::Refusal WhySilent();
  void Refuse(adaptor::Refusal refusal);
  [[nodiscard]] ExchangeEnd Complete();
  [[nodiscard]] ExchangeEnd CutOff();
  void ReportPanic(std::string_view what);
  void NoticePeer();

  LoopEngineImpl* owner_;
  HttpConn* conn_ = nullptr;
  netpoll::Connection* connection_ = nullptr;
  ExchangeStream stream_;
  io::BlockRef head_block_;
  adaptor::RequestHead head_;
  http::Request request_;
  adaptor::BodyReader body_;
  adaptor::Response response_;
  appcontext::ReusableContext context_;
  workers::BurstTimer burst_;
  http::Route* route_ = nullptr;              // of the handler, while it runs inline
  WorkerCall* call_ = nullptr;                // while a worker owns request, body and response
  TimePoint deadline_ = kNever;               // of the context
  Placement placement_ = Placement::kInline;  // what the running call asked for
  bool timed_out_ = false;
  bool measured_ = false;  // burst_ measures the running call
  std::string_view peer_;  // in remote_addr_
  std::array<char, netpoll::kAddressTextMax> remote_addr_;
};

}  // namespace hon::engine
