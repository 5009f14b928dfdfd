#include "engine/loop_services.h"

#include <ctime>
#include <optional>
#include <utility>

#include "base/outside_asan.h"
#include "engine/http1_exchange.h"
#include "hon/base/guard.h"
#include "hon/base/sanitizer.h"
#include "hon/http/time.h"
#include "hon/io/memory_budget.h"

namespace hon::engine {
namespace {

// Bytes that Go's server reads beyond MaxHeaderBytes (contract W26).
constexpr size_t kHeaderSlackBytes = 4096;

Event EventOf(const Refused& refused) {
  const adaptor::RefusalText& text = adaptor::DescribeRefusal(refused.refusal);
  const bool threw = refused.refusal == adaptor::Refusal::kInternalError;
  return {.kind = threw ? Event::Kind::kPanic : Event::Kind::kBadRequest,
          .status = text.status,
          .peer = refused.peer,
          .pattern = refused.pattern,
          .detail = text.reason};
}

}  // namespace

LoopServices::LoopServices(Engine& its_engine, fiber::Scheduler& its_scheduler,
                           const ConnSettings& its_settings, LoopEngine::Shared& its_shared,
                           ConnHooks its_hooks, std::atomic<uint64_t>& request_count)
    : loop(its_scheduler.GetLoop()),
      scheduler(its_scheduler),
      engine(its_engine),
      requests(request_count),
      shared(its_shared),
      limits_requests(its_shared.in_flight_max != SIZE_MAX),
      request_timeout(its_engine.GetOptions().request_timeout),
      settings(its_settings),
      parser({.head_bytes_max = its_settings.header_bytes_max + kHeaderSlackBytes,
              .fields_max = its_settings.header_fields_max}),
      runner(its_engine, its_scheduler, its_shared.on_held),
      memory(*this),
      hooks(std::move(its_hooks)),
      queue(loop),
      base_scope(*this, {}),
      // Posted, since the last connection is still inside the call that ends it.
      hijacked([this] {
        if (on_empty) loop.Post([this] { TellWhenEmpty(); });
      }),
      lent([] {}) {}

bool LoopServices::EnterLimitedRequest() {
  if (scarce) return false;
  if (!limits_requests) return true;
  if (shared.in_flight.fetch_add(1, std::memory_order_relaxed) < shared.in_flight_max) return true;
  LeaveRequest();
  return false;
}

Event LoopServices::AnswerRefused(const Refused& refused, io::LinkBuffer& out) {
  const Event event = EventOf(refused);
  const auto body = refused.head ? adaptor::RefusalBody::kLeftOut : adaptor::RefusalBody::kSent;
  if (const std::optional<ErrorReply> own = OwnReply(event)) {
    adaptor::WriteRefusal(refused.refusal, {own->content_type, own->body}, out, body,
                          refused.set_before);
  } else {
    adaptor::WriteRefusal(refused.refusal, date.At(loop.Now()), out, body, refused.set_before);
  }
  return event;
}

RefusedAnswer LoopServices::MakeRefusedAnswer(const Refused& refused) {
  RefusedAnswer answer{.event = EventOf(refused), .content_type = {}, .body = {}};
  if (std::optional<ErrorReply> own = OwnReply(answer.event)) {
    answer.content_type = std::move(own->content_type);
    answer.body = std::move(own->body);
  } else if (refused.refusal != adaptor::Refusal::kExpectationFailed) {
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = adaptor::DescribeRefusal(refused.refusal).body;
  }
  return answer;
}

std::optional<ErrorReply> LoopServices::OwnReply(const Event& event) {
  std::optional<ErrorReply> own;
  if (const ErrorReplyHook& hook = engine.GetOptions().error_reply) {
    const Error thrown = CallGuarded([&] { own = hook(event); });
    if (thrown) engine.ReportThrown("WithErrorReply's hook", thrown);
  }
  return own;
}

void LoopServices::CallStateHook(netpoll::Connection& connection, ConnState state) {
  const Error thrown = CallGuarded([&] { hooks.on_state(ConnInfo(connection), state); });
  if (thrown) engine.ReportThrown("WithConnState's hook", thrown);
}

std::unique_ptr<io::Conn> LoopServices::TakeOver(netpoll::Connection& connection) {
  shared.hijacked.fetch_add(1, std::memory_order_relaxed);
  connection.Retain();
  const std::shared_ptr<void> slot(&connection, [this](netpoll::Connection* taken) {
    shared.hijacked.fetch_sub(1, std::memory_order_relaxed);
    UncountPeer(*taken);
    taken->Release();
  });
  return fiber::NewConn(connection, &hijacked, slot);
}

bool LoopServices::EnterConnection(const netpoll::Connection& connection) {
  ++served;
  const size_t before = shared.connections.fetch_add(1, std::memory_order_relaxed) +
                        shared.hijacked.load(std::memory_order_relaxed);
  memory.OnConnection();
  if (before >= shared.connections_max) return false;
  if (shared.budget != nullptr && shared.budget->Scarce()) [[unlikely]]
    return false;
  if (shared.per_peer_max == SIZE_MAX) return true;
  char peer[netpoll::kAddressTextMax];
  return shared.peers.Enter(connection.FormatRemoteAddr(peer), shared.per_peer_max);
}

void LoopServices::LeaveConnection() {
  HON_ASSERT(served > 0);
  --served;
  shared.connections.fetch_sub(1, std::memory_order_relaxed);
  memory.OnConnection();
  TellWhenEmpty();
}

void LoopServices::UncountPeer(const netpoll::Connection& connection) {
  if (shared.per_peer_max == SIZE_MAX) return;
  char peer[netpoll::kAddressTextMax];
  shared.peers.Leave(connection.FormatRemoteAddr(peer));
}

void LoopServices::TellWhenEmpty() {
  if (served != 0 || !hijacked.Empty() || !on_empty) return;
  std::exchange(on_empty, nullptr)();
}

void DateText::Format(TimePoint now) {
  timespec wall = {};
  clock_gettime(CLOCK_REALTIME, &wall);
  http::FormatTime(http::Time::FromUnix(wall.tv_sec), text_);
  until_ = now + std::chrono::nanoseconds(1'000'000'000 - wall.tv_nsec);
}

ExchangePool::ExchangePool() : free_max_(CheckedFromOutside() ? 0 : kFreeMax) {}

ExchangePool::~ExchangePool() { Trim(); }

void ExchangePool::Trim() {
  free_ = 0;
  while (Http1Exchange* const exchange = first_) {
    Unpoison(exchange, sizeof(Http1Exchange));
    first_ = exchange->next_free_;
    delete exchange;
  }
}

Http1Exchange& ExchangePool::Make(LoopServices& services) { return *new Http1Exchange(services); }

void ExchangePool::Delete(Http1Exchange& exchange) { delete &exchange; }

}  // namespace hon::engine
