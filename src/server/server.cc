#include "hon/server/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "hon/base/guard.h"
#include "hon/base/thread.h"
#include "hon/io/memory_budget.h"
#include "server/loops.h"
#include "server/memory_limit.h"
#include "server/successor.h"

namespace hon::server {
namespace {

// Descriptors that are not connections: listeners, rings, files that handlers open.
constexpr size_t kReservedDescriptors = 64;
constexpr std::string_view kDefaultAddress = ":http";
constexpr std::string_view kNamedSockets = "systemd:";  // in front of a name of InheritedSockets

size_t ConnectionsAllowed(const Options& options) {
  if (options.connections_max != 0) return options.connections_max;
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  const size_t descriptors = limit.rlim_cur;
  return descriptors > 2 * kReservedDescriptors ? descriptors - kReservedDescriptors
                                                : std::max<size_t>(descriptors / 2, 1);
}

}  // namespace

class Server::Impl {
 public:
  Impl(Server& self, engine::Engine& engine, Options options)
      : self_(&self), engine_(engine), options_(std::move(options)) {}

  Options& GetOptions() { return options_; }

  void JoinShutdownFunctions() {
    for (Thread& running : shutdown_threads_) running.Join();
  }

  Error Listen(std::string_view address, NewRecordLayers layers) {
    HON_RETURN_IF_ERROR(RefuseOnLoop());
    netpoll::ListenOptions listen;
    std::lock_guard control(control_mutex_);
    HON_RETURN_IF_ERROR(StartLoops());
    listen.reuse_port = options_.reuse_port;
    listen.unix_mode = options_.unix_mode;
    if (address.empty()) address = kDefaultAddress;
    if (address.starts_with(kNamedSockets)) return AcceptNamed(address, layers);
    if (options_.inherited != nullptr) {
      if (std::optional<netpoll::ListenSocket> given = options_.inherited->Take(address)) {
        return Accept(std::move(*given), std::move(layers));
      }
    }
    Result<netpoll::ListenSocket> socket = netpoll::ListenSocket::Listen(address, listen);
    if (!socket) return std::move(socket.error());
    return Accept(std::move(*socket), std::move(layers));
  }

  Error ListenFd(int fd, NewRecordLayers layers) {
    HON_RETURN_IF_ERROR(RefuseOnLoop());
    std::lock_guard control(control_mutex_);
    HON_RETURN_IF_ERROR(StartLoops());
    Result<netpoll::ListenSocket> socket = netpoll::ListenSocket::FromFd(fd);
    if (!socket) return std::move(socket.error());
    return Accept(std::move(*socket), std::move(layers));
  }

  [[nodiscard]] std::function<void(const engine::Event&)> Reporter() const {
    return [&engine = engine_](const engine::Event& event) { engine.Report(event); };
  }

  Error Serve() {
    HON_RETURN_IF_ERROR(RefuseOnLoop());
    std::unique_lock lock(mutex_);
    if (state_ == State::kNew) return Error::New("http: Serve before Listen");
    changed_.wait(lock, [&] { return state_ == State::kEnded; });
    return http::ErrServerClosed;
  }

  Error Shutdown(const appcontext::Context& context) {
    HON_RETURN_IF_ERROR(RefuseOnLoop());
    std::vector<std::function<void()>> functions;
    const std::shared_ptr<DrainWait> drain =
        BeginDrain(&functions, context.Done() ? Duration::zero() : kHandshakeGraceMax);
    StartShutdownFunctions(std::move(functions));
    Error outcome = drain->Wait(context);
    if (outcome) {
      loops_.PostEach([](engine::LoopEngine& loop) { loop.EndHijacked(http::ErrServerClosed); });
    }
    SetEnded();
    return outcome;
  }

  Error Close() {
    HON_RETURN_IF_ERROR(RefuseOnLoop());
    BeginDrain(nullptr, Duration::zero());
    loops_.PostEach([](engine::LoopEngine& loop) { loop.CloseAll(http::ErrServerClosed); });
    loops_.Await(false);
    SetEnded();
    return {};
  }

  Result<int> StartSuccessor(const Successor& successor) {
    if (Error why = RefuseOnLoop()) return Fail(std::move(why));
    const std::lock_guard control(control_mutex_);
    if (drain_ != nullptr) return Fail(http::ErrServerClosed);
    HON_TRY(const std::vector<netpoll::ListenSocket> sockets, loops_.CopySockets());
    HON_TRY(const int pid, StartProgram(successor, sockets));
    loops_.ShareSockets();
    replaced_ = true;
    return pid;
  }

  Duration HeldFor() const {
    Duration longest{};
    loops_.ForEach([&](LoopThread& thread) {
      longest = std::max(longest, thread.GetLoop().BusyFor(Clock::now()));
    });
    return longest;
  }

  void CloseConnections() {
    loops_.PostEach([](engine::LoopEngine& loop) { loop.CutServed(http::ErrServerClosed); });
  }

  void RegisterOnShutdown(std::function<void()> function) {
    std::lock_guard lock(mutex_);
    on_shutdown_.push_back(std::move(function));
  }

  void SetKeepAlivesEnabled(bool enabled) { loops_.SetKeepAlivesEnabled(enabled); }

  std::vector<std::string> Addresses() const {
    std::lock_guard lock(mutex_);
    return addresses_;
  }

  std::string_view Backend() const { return loops_.Backend(); }
  unsigned Loops() const { return loops_.Regular(); }

  size_t Connections() const { return shared_.connections.load(std::memory_order_relaxed); }

  Stats GetStats() const {
    Stats stats;
    loops_.ForEach([&](LoopThread& thread) {
      stats.requests += thread.GetEngine().Requests();
      stats.http2 += thread.GetEngine().GetHttp2Stats();
      stats.loop_connections.push_back(thread.GetLoop().Connections());
    });
    return stats;
  }

 private:
  enum class State : uint8_t { kNew, kServing, kStopping, kEnded };

  // Counts the loops that have not drained yet. Shared with them: they may report after the end of
  // the wait.
  struct DrainWait {
    explicit DrainWait(size_t loops) : loops_left(loops) {}

    std::mutex mutex;
    std::condition_variable changed;
    size_t loops_left;

    void OneDone() {
      std::lock_guard lock(mutex);
      --loops_left;
      changed.notify_all();
    }

    Error Wait(const appcontext::Context& context) {
      bool given_up = false;
      const auto take_back = appcontext::AfterFunc(context, [&] {
        std::lock_guard lock(mutex);
        given_up = true;
        changed.notify_all();
      });
      Error outcome;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return loops_left == 0 || given_up; });
        if (loops_left != 0) outcome = context.Err();
      }
      if (!take_back()) {
        // The function has run or is running: the wait ends when it has set `given_up`.
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return given_up; });
      }
      return outcome;
    }
  };

  // A loop that waited for itself would wait for ever.
  static Error RefuseOnLoop() {
    if (netpoll::Loop::Current() == nullptr) return {};
    return Error::New("http: a handler cannot start or end its server; use another thread");
  }

  Error StartLoops() {
    if (drain_ != nullptr) return http::ErrServerClosed;
    if (options_.protocols == http::Protocols()) {
      return Error::New("http: WithProtocols leaves no protocol that is served");
    }
    if (loops_.Regular() != 0) return {};
    options_.conn.protocols = options_.protocols;
    shared_.connections_max = ConnectionsAllowed(options_);
    shared_.per_peer_max = options_.connections_per_ip_max;
    shared_.in_flight_max = options_.in_flight_max;
    options_.hooks.base =
        appcontext::WithValue(appcontext::Background(), &http::ServerContextKey, self_);
    const size_t budget =
        options_.memory_budget != 0 ? options_.memory_budget : DefaultMemoryBudget("/");
    if (budget_ == nullptr && budget != SIZE_MAX) {
      budget_ = std::make_unique<io::MemoryBudget>(budget, [this] { loops_.RelieveMemory(); });
    }
    shared_.budget = budget_.get();
    shared_.idle_trim = options_.idle_trim;
    shared_.on_held = [this](bool any_held) { return loops_.OnHeld(any_held); };
    HON_RETURN_IF_ERROR(
        loops_.Start(options_.loops != 0 ? options_.loops : netpoll::DefaultLoops()));
    std::lock_guard lock(mutex_);
    state_ = State::kServing;
    return {};
  }

  // Listens on all inherited sockets with the name behind "systemd:".
  Error AcceptNamed(std::string_view address, const NewRecordLayers& layers) {
    std::vector<netpoll::ListenSocket> sockets;
    if (options_.inherited != nullptr) {
      sockets = options_.inherited->TakeNamed(address.substr(kNamedSockets.size()));
    }
    if (sockets.empty()) {
      return Error::New("listen " + std::string(address) + ": no inherited socket has this name");
    }
    for (netpoll::ListenSocket& socket : sockets) {
      HON_RETURN_IF_ERROR(Accept(std::move(socket), layers));
    }
    return {};
  }

  Error Accept(netpoll::ListenSocket socket, NewRecordLayers layers) {
    std::string address = (socket.IsUnix() ? "unix:" : "") + socket.Address();
    HON_RETURN_IF_ERROR(RefuseTwice(address));
    ListenerScope scope;
    if (options_.proxy_protocol) {
      Result<ProxyTrust> trust = ProxyTrust::Of(options_.proxy_protocol->trusted);
      if (!trust) return std::move(trust.error());
      scope.proxy = ProxyScope{std::move(*trust), *options_.proxy_protocol};
    }
    scope.layers = std::move(layers);
    if (Error thrown = CallGuarded([&] { scope.base = BaseFor(address); })) {
      return Error::Wrap("http: WithBaseContext's hook threw", std::move(thrown));
    }
    HON_RETURN_IF_ERROR(loops_.Accept(std::move(socket), std::move(scope)));
    std::lock_guard lock(mutex_);
    addresses_.push_back(std::move(address));
    return {};
  }

  // The kernel refuses an address that is taken; with WithReusePort it admits this server a second
  // time, which is refused here.
  Error RefuseTwice(const std::string& address) const {
    std::lock_guard lock(mutex_);
    if (std::find(addresses_.begin(), addresses_.end(), address) == addresses_.end()) return {};
    return Error::System(EADDRINUSE, "listen " + address);
  }

  // The context above the connections of the listener at `address`, if WithBaseContext is set.
  std::optional<appcontext::Context> BaseFor(const std::string& address) const {
    if (!options_.base_context) return std::nullopt;
    return appcontext::WithValue(options_.base_context(address), &http::ServerContextKey, self_);
  }

  // Begins the end of the server, once; gives the first call the functions to be started.
  std::shared_ptr<DrainWait> BeginDrain(std::vector<std::function<void()>>* functions,
                                        Duration handshake_grace) {
    std::lock_guard control(control_mutex_);
    if (drain_ != nullptr) return drain_;
    {
      std::lock_guard lock(mutex_);
      state_ = State::kStopping;
      if (functions != nullptr) functions->swap(on_shutdown_);
    }
    loops_.StopAccepting(handshake_grace);
    drain_ = std::make_shared<DrainWait>(loops_.Size());
    const engine::LoopEngine::Grace grace{
        .idle = options_.idle_grace,
        .hijacked = options_.hijacked_grace,
        .cause = replaced_ ? Error(http::ErrServerReplaced) : Error(http::ErrServerClosed)};
    loops_.PostEach([grace, drain = drain_](engine::LoopEngine& loop) {
      loop.Drain(grace, [drain] { drain->OneDone(); });
    });
    return drain_;
  }

  // Starts each function on a thread of its own; on this thread where none can be started.
  void StartShutdownFunctions(std::vector<std::function<void()>> functions) {
    for (std::function<void()>& function : functions) {
      const auto guarded = [this, function = std::move(function)] {
        const Error thrown = CallGuarded(function);
        if (thrown) engine_.ReportThrown("RegisterOnShutdown's function", thrown);
      };
      Result<Thread> thread =
          Thread::Start({.name = "hon-shutdown", .signals = Thread::Signals::kInherited}, guarded);
      if (!thread) {
        guarded();
        continue;
      }
      std::lock_guard lock(mutex_);
      shutdown_threads_.push_back(std::move(*thread));
    }
  }

  void SetEnded() {
    std::lock_guard lock(mutex_);
    state_ = State::kEnded;
    changed_.notify_all();
  }

  Server* self_;
  engine::Engine& engine_;
  Options options_;
  engine::LoopEngine::Shared shared_;
  std::unique_ptr<io::MemoryBudget> budget_;  // outlives the loops
  std::mutex control_mutex_;                  // one start or stop at a time; taken before mutex_
  mutable std::mutex mutex_;                  // guards the members below, which handlers may use
  std::condition_variable changed_;
  State state_ = State::kNew;
  std::vector<std::function<void()>> on_shutdown_;
  std::vector<std::string> addresses_;
  std::vector<Thread> shutdown_threads_;
  std::shared_ptr<DrainWait> drain_;  // guarded by control_mutex_; set once the end has begun
  bool replaced_ = false;             // guarded by control_mutex_: a successor serves
  server::Loops loops_{engine_, options_, shared_};  // last: the loops use everything above
};

Server::Server(engine::Engine& engine, Options options)
    : impl_(std::make_unique<Impl>(*this, engine, std::move(options))) {}

Server::~Server() {
  Error closed = Close();
  static_cast<void>(closed);
  impl_->JoinShutdownFunctions();
}

Options& Server::GetOptions() { return impl_->GetOptions(); }
Error Server::Listen(std::string_view address) { return impl_->Listen(address, {}); }
Error Server::ListenRecords(std::string_view address, NewRecordLayers layers) {
  return impl_->Listen(address, std::move(layers));
}
Error Server::ListenFd(int fd) { return impl_->ListenFd(fd, {}); }
Error Server::ListenFd(int fd, NewRecordLayers layers) {
  return impl_->ListenFd(fd, std::move(layers));
}
std::function<void(const engine::Event&)> Server::Reporter() const { return impl_->Reporter(); }
Error Server::Serve() { return impl_->Serve(); }

Error Server::Serve(std::string_view address) {
  HON_RETURN_IF_ERROR(Listen(address));
  return Serve();
}

Error Server::Shutdown(const appcontext::Context& context) { return impl_->Shutdown(context); }
Error Server::Close() { return impl_->Close(); }
Result<int> Server::StartSuccessor(const Successor& successor) {
  return impl_->StartSuccessor(successor);
}
Duration Server::HeldFor() const { return impl_->HeldFor(); }
void Server::CloseConnections() { impl_->CloseConnections(); }
void Server::RegisterOnShutdown(std::function<void()> function) {
  impl_->RegisterOnShutdown(std::move(function));
}
void Server::SetKeepAlivesEnabled(bool enabled) { impl_->SetKeepAlivesEnabled(enabled); }
std::vector<std::string> Server::Addresses() const { return impl_->Addresses(); }
std::string_view Server::Backend() const { return impl_->Backend(); }
unsigned Server::Loops() const { return impl_->Loops(); }
size_t Server::Connections() const { return impl_->Connections(); }
Stats Server::GetStats() const { return impl_->GetStats(); }

Error ListenAndServe(std::string_view address, http::Handler& handler) {
  engine::Engine engine(handler);
  Server server(engine);
  return server.Serve(address);
}

}  // namespace hon::server
