#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "client/conn.h"
#include "client/h2_conn.h"
#include "client/object_memory.h"
#include "client/resolver.h"
#include "client/route.h"
#include "hon/adaptor/head_parser.h"
#include "hon/client/trace.h"
#include "hon/client/transport.h"

namespace hon::client {

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// Objects without content that keep their room for the next use, at most ObjectMemory::kFreeMax.
template <class T>
class Spares {
 public:
  [[nodiscard]] T Take() {
    if (kept_.empty()) return {};
    T one = std::move(kept_.back());
    kept_.pop_back();
    return one;
  }
  void Give(T one) {
    if (kept_.size() == ObjectMemory::kFreeMax) return;
    one.Reset();
    kept_.push_back(std::move(one));
  }

 private:
  std::vector<T> kept_;
};

/// The idle connections of one loop. Called on that loop's thread, except CloseIdle and
/// CloseOneIdle.
class LoopPool : public std::enable_shared_from_this<LoopPool> {
 public:
  explicit LoopPool(Core& core) : core_(&core) {}
  LoopPool(const LoopPool&) = delete;
  LoopPool& operator=(const LoopPool&) = delete;
  ~LoopPool();

  /// The most recently used idle connection to `route` that can still serve, or null.
  [[nodiscard]] std::unique_ptr<Conn> Take(const Route& route);
  /// Keeps `conn` for a later request.
  void Put(std::unique_ptr<Conn> conn);
  /// Destroys `conn`, an idle connection that has ended or has received unasked input.
  void Drop(Conn& conn);
  /// Closes the idle connections on the loop, soon. Any thread.
  void CloseIdle();
  /// Closes one idle connection of `route`, if there is one. Any thread.
  void CloseOneIdle(const std::shared_ptr<Route>& route);

  /// An HTTP/2 connection to `route` that takes requests: one with a free stream, if there is one.
  /// Null when there is no connection. Ends a connection that is past its lifetime.
  [[nodiscard]] std::shared_ptr<H2Conn> Shared(const Route& route);
  void PutShared(const std::shared_ptr<H2Conn>& conn);
  void ForgetH2(const H2Conn& conn);

  /// Marks a connection to a route as being made, during the lifetime of this object.
  class Dialing {
   public:
    Dialing(LoopPool& pool, const Route& route);
    ~Dialing();
    Dialing(const Dialing&) = delete;
    Dialing& operator=(const Dialing&) = delete;

   private:
    LoopPool& pool_;
    const Route& route_;
  };
  /// Whether another fiber is making a connection to `route`; then waits until that has ended.
  Result<bool> AwaitDial(const Route& route, const appcontext::Context& context);

  /// Memory for the exchanges of the loop.
  [[nodiscard]] ObjectMemory& Memory() { return memory_; }
  /// A Header with the room of an earlier one, if there is one.
  [[nodiscard]] http::Header TakeHeader() { return spare_headers_.Take(); }
  /// Keeps the room of `header`.
  void GiveHeader(http::Header header) { spare_headers_.Give(std::move(header)); }
  /// The same for the fields of HTTP/2.
  [[nodiscard]] h2::FieldBuffer TakeFields() { return spare_fields_.Take(); }
  void GiveFields(h2::FieldBuffer fields) { spare_fields_.Give(std::move(fields)); }

  /// Room for the key of a route.
  std::string key;

  /// The route of the last request without a proxy, so that requests to one server make no keys.
  struct LastRoute {
    std::string scheme;
    std::string host;
    std::shared_ptr<Route> route;

    [[nodiscard]] bool Serves(const url::URL& url) const {
      return route != nullptr && url.Host == host && url.Scheme == scheme;
    }
    void Keep(const url::URL& url, std::shared_ptr<Route> found) {
      scheme = url.Scheme;
      host = url.Host;
      route = std::move(found);
    }
  };
  LastRoute last_route;

 private:
  struct DialWaiter : IntrusiveListNode<DialWaiter> {
    const Route* route = nullptr;  // null: its dial has ended
    Parker* parker = nullptr;
  };
  using RouteList = IntrusiveList<Conn, struct ByRoute>;

  void Leave(Conn& conn);
  void EvictOldest();

  ObjectMemory memory_;
  Spares<http::Header> spare_headers_;
  Spares<h2::FieldBuffer> spare_fields_;
  Core* core_;  // null: the Core is destroyed
  friend class Core;
  std::mutex mutex_;
  std::unordered_map<const Route*, std::unique_ptr<RouteList>> by_route_;  // newest first
  IntrusiveList<Conn, struct ByAge> by_age_;                               // newest last
  // Changed on the loop's thread alone, which reads without the mutex.
  std::unordered_map<const Route*, std::vector<std::shared_ptr<H2Conn>>> shared_;
  std::unordered_map<const Route*, size_t> dialing_;  // dials by fibers of the loop
  IntrusiveList<DialWaiter, DialWaiter> dial_waiters_;
};

/// The shared state of the requests of one Transport. Any thread.
class Core : public std::enable_shared_from_this<Core> {
 public:
  explicit Core(TransportOptions options);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  [[nodiscard]] const TransportOptions& Options() const { return options_; }
  [[nodiscard]] const adaptor::HeadParser& Parser() const { return parser_; }
  [[nodiscard]] Resolver& Names() { return resolver_; }
  /// The pool of the calling fiber's loop.
  [[nodiscard]] std::shared_ptr<LoopPool> PoolHere();
  /// The route with `key`, made by `make` when there is none.
  [[nodiscard]] std::shared_ptr<Route> FindRoute(
      std::string_view key, const std::function<std::shared_ptr<Route>()>& make);
  /// The context for TLS with servers and proxies.
  [[nodiscard]] Result<std::shared_ptr<tls::ClientContext>> TlsContext();
  /// Whether requests for http URLs use HTTP/2 with prior knowledge.
  [[nodiscard]] bool PriorKnowledge() const {
    return options_.Protocols.UnencryptedHTTP2() && !options_.Protocols.HTTP1();
  }
  /// Whether HTTP/1 is refused over TLS.
  [[nodiscard]] bool OnlyHttp2() const {
    return options_.Protocols.HTTP2() && !options_.Protocols.HTTP1();
  }
  [[nodiscard]] bool OffersHttp2() const {
    return options_.Protocols.HTTP2() || options_.Protocols == http::Protocols();
  }

  struct Acquired {
    std::unique_ptr<Conn> conn;  // null: dial one, whose slot is taken
    Duration idle_time{};
    bool again = false;  // neither: look for a shared connection again
  };
  /// Returns an idle connection or the right to dial one. Waits for either at the limit of
  /// connections.
  Result<Acquired> Acquire(const std::shared_ptr<Route>& route,
                           const std::shared_ptr<LoopPool>& pool,
                           const appcontext::Context& context);
  /// Takes the right to dial a connection. Returns false at the limit of connections.
  [[nodiscard]] bool TakeSlot(Route& route);
  /// Takes a connection back that can serve another request.
  void Release(std::unique_ptr<Conn> conn);
  /// Wakes the requests of this loop that wait for a connection: they can use a shared one.
  void WakeForShared(Route& route, const LoopPool& pool);
  /// A connection to `route` has ended, or could not be made.
  void FreeSlot(Route& route);

  void CloseIdle();
  /// A request begins: connections that become idle are kept again.
  void KeepIdle() {
    if (closes_idle_.load(std::memory_order_relaxed)) closes_idle_.store(false);
  }
  /// Whether connections that become idle are to be closed.
  [[nodiscard]] bool ClosesIdle() const {
    return closes_idle_.load(std::memory_order_relaxed) || Closed();
  }
  /// The time at which a connection that is made now serves no further request.
  [[nodiscard]] TimePoint RetirementOfNew() const;
  /// The RoundTripper that is registered for `scheme`, or null.
  [[nodiscard]] std::shared_ptr<http::RoundTripper> AltProtocol(const std::string& scheme);
  /// Returns false when `scheme` is registered already.
  [[nodiscard]] bool Register(std::string scheme, std::shared_ptr<http::RoundTripper> transport);
  /// Keeps no connection from now on.
  void Close();
  [[nodiscard]] bool Closed() const { return closed_.load(std::memory_order_relaxed); }

  std::atomic<size_t> idle{0};  // on all loops

 private:
  void EvictElsewhere(const std::shared_ptr<Route>& route);

  const TransportOptions options_;
  const adaptor::HeadParser parser_;
  Resolver resolver_;
  std::atomic<bool> closed_{false};
  std::atomic<bool> closes_idle_{false};  // CloseIdleConnections, until the next request
  std::atomic<bool> has_alt_protocols_{false};
  mutable std::atomic<uint64_t> retirements_{0};  // a Weyl sequence, for the jitter of lifetimes
  std::mutex mutex_;  // guards the members below, and the slots of routes
  std::unordered_map<std::string, std::shared_ptr<Route>, TextHash, std::equal_to<>> routes_;
  std::unordered_map<const netpoll::Loop*, std::shared_ptr<LoopPool>> pools_;
  std::unordered_map<std::string, std::shared_ptr<http::RoundTripper>> alt_protocols_;
  std::mutex tls_mutex_;
  std::shared_ptr<tls::ClientContext> tls_;
};

}  // namespace hon::client
