#include "client/core.h"

#include <algorithm>
#include <utility>

#include "client/tls.h"
#include "hon/base/assert.h"
#include "hon/http/client_error.h"

namespace hon::client {
namespace {

// Routes without connections that are kept.
constexpr size_t kRoutesKeptMax = 256;

adaptor::ParseLimits LimitsOf(const TransportOptions& options) {
  return {.head_bytes_max = options.MaxResponseHeaderBytes, .fields_max = kResponseFieldsMax};
}

}  // namespace

LoopPool::~LoopPool() { HON_ASSERT(by_age_.Empty()); }

void LoopPool::Leave(Conn& conn) {
  const auto found = by_route_.find(conn.route_.get());
  HON_ASSERT(found != by_route_.end() && conn.idle_);
  found->second->Remove(conn);
  by_age_.Remove(conn);
  conn.idle_ = false;
  conn.route_->idle.fetch_sub(1, std::memory_order_relaxed);
  core_->idle.fetch_sub(1, std::memory_order_relaxed);
}

std::unique_ptr<Conn> LoopPool::Take(const Route& route) {
  for (;;) {
    std::unique_ptr<Conn> conn;
    {
      const std::lock_guard lock(mutex_);
      const auto found = by_route_.find(&route);
      if (found == by_route_.end() || found->second->Empty()) return nullptr;
      conn.reset(found->second->First());
      Leave(*conn);
    }
    if (!conn->IsFresh()) continue;
    conn->conn_->SetDeadline(io::ConnDeadline::kIdle, kNever);
    return conn;
  }
}

void LoopPool::Put(std::unique_ptr<Conn> conn) {
  const TransportOptions& options = core_->Options();
  const size_t host_max =
      options.MaxIdleConnsPerHost != 0 ? options.MaxIdleConnsPerHost : options.MaxIdleConns;
  if (host_max != 0 && conn->route_->idle.load(std::memory_order_relaxed) >= host_max) return;
  conn->idle_since_ = Clock::now();
  if (conn->idle_since_ >= conn->retires_at_) return;
  conn->conn_->SetDeadline(
      io::ConnDeadline::kIdle,
      std::min(conn->retires_at_, DeadlineAfter(conn->idle_since_, options.IdleConnTimeout)));
  {
    const std::lock_guard lock(mutex_);
    if (core_->Closed()) return;
    std::unique_ptr<RouteList>& list = by_route_[conn->route_.get()];
    if (list == nullptr) {
      list = std::make_unique<RouteList>();
      // Empty lists are kept for their next connection. References to other lists stay valid.
      if (by_route_.size() > kRoutesKeptMax) {
        std::erase_if(by_route_, [&list](const auto& one) {
          return one.second->Empty() && one.second != list;
        });
      }
    }
    list->PushFront(*conn);
    by_age_.PushBack(*conn);
    conn->idle_ = true;
    conn->route_->idle.fetch_add(1, std::memory_order_relaxed);
    static_cast<void>(conn.release());
  }
  const size_t idle = core_->idle.fetch_add(1, std::memory_order_relaxed) + 1;
  if (options.MaxIdleConns != 0 && idle > options.MaxIdleConns) EvictOldest();
}

void LoopPool::EvictOldest() {
  std::unique_ptr<Conn> oldest;
  const std::lock_guard lock(mutex_);
  if (by_age_.Empty()) return;
  oldest.reset(by_age_.First());
  Leave(*oldest);
}

void LoopPool::Drop(Conn& conn) {
  const std::unique_ptr<Conn> owned(&conn);
  const std::lock_guard lock(mutex_);
  Leave(conn);
}

std::shared_ptr<H2Conn> LoopPool::Shared(const Route& route) {
  const auto found = shared_.find(&route);
  if (found == shared_.end()) return nullptr;
  std::shared_ptr<H2Conn> best;
  std::shared_ptr<H2Conn> old;
  for (const std::shared_ptr<H2Conn>& conn : found->second) {
    if (!conn->Usable()) continue;
    if (conn->IsOld()) {
      old = conn;
      continue;
    }
    if (best == nullptr || conn->HasRoom()) best = conn;
    if (best->HasRoom()) break;
  }
  if (old != nullptr) old->Leave();
  return best;
}

void LoopPool::PutShared(const std::shared_ptr<H2Conn>& conn) {
  {
    const std::lock_guard lock(mutex_);
    shared_[conn->GetRoute().get()].push_back(conn);
  }
  core_->WakeForShared(*conn->GetRoute(), *this);
}

void LoopPool::ForgetH2(const H2Conn& conn) {
  std::shared_ptr<H2Conn> last;
  const std::lock_guard lock(mutex_);
  const auto found = shared_.find(conn.GetRoute().get());
  if (found == shared_.end()) return;
  std::vector<std::shared_ptr<H2Conn>>& all = found->second;
  const auto place =
      std::find_if(all.begin(), all.end(), [&conn](const auto& one) { return one.get() == &conn; });
  if (place == all.end()) return;
  last = std::move(*place);
  all.erase(place);
  if (all.empty()) shared_.erase(found);
}

LoopPool::Dialing::Dialing(LoopPool& pool, const Route& route) : pool_(pool), route_(route) {
  ++pool_.dialing_[&route];
}

LoopPool::Dialing::~Dialing() {
  const auto found = pool_.dialing_.find(&route_);
  if (--found->second != 0) return;
  pool_.dialing_.erase(found);
  pool_.dial_waiters_.ForEach([this](DialWaiter& waiter) {
    if (waiter.route != &route_) return;
    waiter.route = nullptr;
    waiter.parker->Wake();
  });
}

Result<bool> LoopPool::AwaitDial(const Route& route, const appcontext::Context& context) {
  if (!dialing_.contains(&route)) return false;
  DialWaiter waiter;
  Parker parker;
  waiter.route = &route;
  waiter.parker = &parker;
  dial_waiters_.PushBack(waiter);
  while (waiter.route != nullptr && !context.Done()) parker.Park(context, kNever);
  dial_waiters_.Remove(waiter);
  if (waiter.route != nullptr) return Fail(context.Cause());
  return true;
}

void LoopPool::CloseIdle() {
  const std::lock_guard lock(mutex_);
  if (!shared_.empty()) {
    shared_.begin()->second.front()->Post([self = shared_from_this()] {
      std::vector<std::shared_ptr<H2Conn>> all;
      {
        const std::lock_guard inner(self->mutex_);
        for (const auto& [route, conns] : self->shared_) {
          all.insert(all.end(), conns.begin(), conns.end());
        }
      }
      for (const auto& conn : all) conn->CloseIfIdle();
    });
  }
  if (by_age_.Empty()) return;
  by_age_.First()->conn_->Post([self = shared_from_this()] {
    for (;;) {
      std::unique_ptr<Conn> one;
      const std::lock_guard inner(self->mutex_);
      if (self->by_age_.Empty()) return;
      one.reset(self->by_age_.First());
      self->Leave(*one);
    }
  });
}

void LoopPool::CloseOneIdle(const std::shared_ptr<Route>& route) {
  const std::lock_guard lock(mutex_);
  const auto found = by_route_.find(route.get());
  if (found == by_route_.end() || found->second->Empty()) return;
  found->second->First()->conn_->Post([self = shared_from_this(), route] {
    std::unique_ptr<Conn> one;
    const std::lock_guard inner(self->mutex_);
    const auto again = self->by_route_.find(route.get());
    if (again == self->by_route_.end() || again->second->Empty()) return;
    one.reset(again->second->First());
    self->Leave(*one);
  });
}

Core::Core(TransportOptions options)
    : options_(std::move(options)),
      parser_(LimitsOf(options_)),
      resolver_(options_.LookupHost, options_.NameCacheTime) {}

Core::~Core() = default;

std::shared_ptr<LoopPool> Core::PoolHere() {
  // A fiber may start before the first turn of its loop: Loop::Current is null there.
  const netpoll::Loop* const here = &fiber::Scheduler::Current()->GetLoop();
  const std::lock_guard lock(mutex_);
  std::shared_ptr<LoopPool>& pool = pools_[here];
  if (pool == nullptr) pool = std::make_shared<LoopPool>(*this);
  return pool;
}

std::shared_ptr<Route> Core::FindRoute(std::string_view key,
                                       const std::function<std::shared_ptr<Route>()>& make) {
  const std::lock_guard lock(mutex_);
  const auto found = routes_.find(key);
  if (found != routes_.end()) return found->second;
  if (routes_.size() >= kRoutesKeptMax) {
    std::erase_if(routes_, [](const auto& one) {
      return one.second.use_count() == 1 && one.second->conns == 0;
    });
  }
  std::shared_ptr<Route> route = make();
  routes_.emplace(std::string(key), route);
  return route;
}

Result<std::shared_ptr<tls::ClientContext>> Core::TlsContext() {
  const std::lock_guard lock(tls_mutex_);
  if (options_.TLS != nullptr) return options_.TLS;
  if (tls_ == nullptr) {
    HON_TRY(tls_, NewTlsContext());
  }
  return tls_;
}

Result<Core::Acquired> Core::Acquire(const std::shared_ptr<Route>& route,
                                     const std::shared_ptr<LoopPool>& pool,
                                     const appcontext::Context& context) {
  if (Closed()) return Fail(http::ErrTransportClosed);
  if (std::unique_ptr<Conn> conn = pool->Take(*route)) {
    const Duration idle_time = Clock::now() - conn->IdleSince();
    return Acquired{std::move(conn), idle_time};
  }
  SlotWaiter waiter;
  Parker parker;
  waiter.parker = &parker;
  waiter.pool = pool.get();
  std::unique_lock lock(mutex_);
  const size_t most = options_.MaxConnsPerHost;
  if (most == 0 || route->conns < most) {
    ++route->conns;
    return Acquired{};
  }
  route->waiters.PushBack(waiter);
  lock.unlock();
  EvictElsewhere(route);
  lock.lock();
  while (waiter.conn == nullptr && !waiter.slot && !waiter.again && !context.Done()) {
    lock.unlock();
    parker.Park(context, kNever);
    lock.lock();
  }
  if (waiter.conn != nullptr) return Acquired{std::unique_ptr<Conn>(waiter.conn)};
  if (waiter.slot) return Acquired{};
  if (waiter.again) {
    Acquired none;
    none.again = true;
    return none;
  }
  route->waiters.Remove(waiter);
  return Fail(context.Cause());
}

bool Core::TakeSlot(Route& route) {
  const std::lock_guard lock(mutex_);
  if (options_.MaxConnsPerHost != 0 && route.conns >= options_.MaxConnsPerHost) return false;
  ++route.conns;
  return true;
}

void Core::WakeForShared(Route& route, const LoopPool& pool) {
  const std::lock_guard lock(mutex_);
  route.waiters.ForEach([&](SlotWaiter& waiter) {
    if (waiter.pool != &pool) return;
    route.waiters.Remove(waiter);
    waiter.again = true;
    waiter.parker->Wake();
  });
}

// Connections of other loops count towards the limit, and may have nothing to do.
void Core::EvictElsewhere(const std::shared_ptr<Route>& route) {
  if (route->idle.load(std::memory_order_relaxed) == 0) return;
  std::vector<std::shared_ptr<LoopPool>> pools;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [loop, pool] : pools_) pools.push_back(pool);
  }
  for (const auto& pool : pools) pool->CloseOneIdle(route);
}

void Core::Release(std::unique_ptr<Conn> conn) {
  if (ClosesIdle() || options_.DisableKeepAlives || !conn->IsQuiet()) return;
  const std::shared_ptr<Route> route = conn->GetRoute();
  if (options_.MaxConnsPerHost != 0) {
    const std::lock_guard lock(mutex_);
    for (SlotWaiter* waiter = route->waiters.First(); waiter != nullptr;
         waiter = route->waiters.Next(*waiter)) {
      if (waiter->pool != conn->GetPool().get()) continue;
      if (!conn->IsFresh()) return;
      route->waiters.Remove(*waiter);
      waiter->conn = conn.release();
      waiter->parker->Wake();
      return;
    }
    // A request of another loop gets the slot of this connection, which ends here.
    if (!route->waiters.Empty()) return;
  }
  LoopPool& pool = *conn->GetPool();
  pool.Put(std::move(conn));
}

void Core::FreeSlot(Route& route) {
  const std::lock_guard lock(mutex_);
  HON_ASSERT(route.conns != 0);
  --route.conns;
  SlotWaiter* const next = route.waiters.PopFront();
  if (next == nullptr) return;
  ++route.conns;
  next->slot = true;
  next->parker->Wake();
}

TimePoint Core::RetirementOfNew() const {
  const Duration most = options_.MaxConnLifetime;
  if (most <= Duration(0)) return kNever;
  const uint64_t random = retirements_.fetch_add(0x9E3779B97F4A7C15U, std::memory_order_relaxed);
  const auto tenth = static_cast<uint64_t>((most / 10).count()) + 1;
  return DeadlineAfter(Clock::now(), most - Duration(static_cast<int64_t>((random >> 11) % tenth)));
}

std::shared_ptr<http::RoundTripper> Core::AltProtocol(const std::string& scheme) {
  if (!has_alt_protocols_.load(std::memory_order_acquire)) return nullptr;
  const std::lock_guard lock(mutex_);
  const auto found = alt_protocols_.find(scheme);
  return found == alt_protocols_.end() ? nullptr : found->second;
}

bool Core::Register(std::string scheme, std::shared_ptr<http::RoundTripper> transport) {
  const std::lock_guard lock(mutex_);
  const bool added = alt_protocols_.emplace(std::move(scheme), std::move(transport)).second;
  has_alt_protocols_.store(true, std::memory_order_release);
  return added;
}

void Core::CloseIdle() {
  closes_idle_.store(true);
  std::vector<std::shared_ptr<LoopPool>> pools;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [loop, pool] : pools_) pools.push_back(pool);
  }
  for (const auto& pool : pools) pool->CloseIdle();
}

void Core::Close() {
  closed_.store(true);
  CloseIdle();
}

}  // namespace hon::client
