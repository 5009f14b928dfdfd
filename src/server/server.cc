#include "hon/server/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "hon/netpoll/loop_group.h"
#include "server/loop_thread.h"

namespace hon::server {
namespace {

// Descriptors that are not connections: listeners, rings, files that handlers open.
constexpr size_t kReservedDescriptors = 64;

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
  Impl(engine::Engine& engine, Options options) : engine_(engine), options_(std::move(options)) {}

  Options& GetOptions() { return options_; }

  Error Listen(std::string_view address) {
    HON_RETURN_IF_ERROR(RefuseOnLoop());
    netpoll::ListenOptions listen;
    std::lock_guard control(control_mutex_);
    HON_RETURN_IF_ERROR(StartLoops());
    listen.reuse_port = threads_.size() > 1;
    Result<netpoll::ListenSocket> socket = netpoll::ListenSocket::Listen(address, listen);
    if (!socket) return std::move(socket.error());
    return Accept(std::move(*socket), listen.reuse_port);
  }

  Error ListenFd(int fd) {
    HON_RETURN_IF_ERROR(RefuseOnLoop());
    std::lock_guard control(control_mutex_);
    HON_RETURN_IF_ERROR(StartLoops());
    Result<netpoll::ListenSocket> socket = netpoll::ListenSocket::FromFd(fd);
    if (!socket) return std::move(socket.error());
    return Accept(std::move(*socket), false);
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
    if (!StopAccepting()) return http::ErrServerClosed;
    // Shared with the loops: they may report after we gave up waiting.
    auto waiting = std::make_shared<DrainWait>();
    waiting->loops_left = threads_.size();
    for (auto& thread : threads_) {
      thread->Post([&engine = thread->GetEngine(), waiting] {
        engine.Drain([waiting] { waiting->OneDone(); });
      });
    }
    Error outcome = waiting->Wait(context);
    SetEnded();
    return outcome;
  }

  Error Close() {
    HON_RETURN_IF_ERROR(RefuseOnLoop());
    StopAccepting();
    for (auto& thread : threads_) {
      thread->Post([&engine = thread->GetEngine()] { engine.CloseAll(http::ErrServerClosed); });
    }
    SetEnded();
    return {};
  }

  std::vector<std::string> Addresses() const {
    std::lock_guard lock(mutex_);
    return addresses_;
  }

  std::string_view Backend() const {
    std::lock_guard lock(mutex_);
    return threads_.empty() ? std::string_view()
                            : netpoll::BackendName(threads_.front()->GetLoop().Kind());
  }

  unsigned Loops() const {
    std::lock_guard lock(mutex_);
    return static_cast<unsigned>(threads_.size());
  }

  size_t Connections() const { return shared_.connections.load(std::memory_order_relaxed); }

 private:
  enum class State : uint8_t { kNew, kServing, kStopping, kEnded };

  // Counts the loops that have not drained yet.
  struct DrainWait {
    std::mutex mutex;
    std::condition_variable changed;
    size_t loops_left = 0;
    bool given_up = false;

    void OneDone() {
      std::lock_guard lock(mutex);
      --loops_left;
      changed.notify_all();
    }

    Error Wait(const appcontext::Context& context) {
      const auto take_back = appcontext::AfterFunc(context, [this] {
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
        // The function has run or is running: it is over once the mutex is free and it was set.
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return given_up; });
      }
      return outcome;
    }
  };

  // A loop that waits for itself would wait for ever.
  static Error RefuseOnLoop() {
    if (netpoll::Loop::Current() == nullptr) return {};
    return Error::New("http: server controlled from a handler; use a thread of its own");
  }

  Error StartLoops() {
    if (state_ == State::kStopping || state_ == State::kEnded) return http::ErrServerClosed;
    if (!threads_.empty()) return {};
    shared_.connections_max = ConnectionsAllowed(options_);
    const unsigned loops = options_.loops != 0 ? options_.loops : netpoll::DefaultLoops();
    std::vector<std::unique_ptr<LoopThread>> threads;
    for (unsigned i = 0; i < loops; ++i) {
      Result<std::unique_ptr<LoopThread>> thread =
          LoopThread::Start(i, engine_, options_, shared_);
      if (!thread) return std::move(thread.error());
      threads.push_back(std::move(*thread));
    }
    std::lock_guard lock(mutex_);
    threads_ = std::move(threads);
    state_ = State::kServing;
    return {};
  }

  // Every loop gets a socket of its own where the kernel spreads connections over them; else one
  // loop accepts for all.
  Error Accept(netpoll::ListenSocket socket, bool reuse_port) {
    std::string address = socket.Address();
    if (reuse_port && !socket.IsUnix()) {
      for (size_t i = 1; i < threads_.size(); ++i) {
        Result<netpoll::ListenSocket> sibling = socket.Sibling();
        if (!sibling) return std::move(sibling.error());
        HON_RETURN_IF_ERROR(StartOn(*threads_[i], std::move(*sibling), {TargetOf(*threads_[i])}));
      }
      HON_RETURN_IF_ERROR(
          StartOn(*threads_.front(), std::move(socket), {TargetOf(*threads_.front())}));
    } else {
      std::vector<netpoll::Listener::Target> targets;
      for (auto& thread : threads_) targets.push_back(TargetOf(*thread));
      HON_RETURN_IF_ERROR(StartOn(*threads_.front(), std::move(socket), std::move(targets)));
    }
    std::lock_guard lock(mutex_);
    addresses_.push_back(std::move(address));
    return {};
  }

  static netpoll::Listener::Target TargetOf(LoopThread& thread) {
    return {&thread.GetLoop(), &thread.GetEngine()};
  }

  Error StartOn(LoopThread& thread, netpoll::ListenSocket socket,
                std::vector<netpoll::Listener::Target> targets) {
    Error outcome;
    thread.RunThere([&] {
      Result<std::unique_ptr<netpoll::Listener>> listener = netpoll::Listener::Start(
          thread.GetLoop(), std::move(socket), std::move(targets),
          [&engine = engine_](const Error& err, Duration retry_in) {
            ReportAccept(engine, err, retry_in);
          });
      if (!listener) {
        outcome = std::move(listener.error());
        return;
      }
      thread.Listeners().push_back(std::move(*listener));
    });
    return outcome;
  }

  static void ReportAccept(engine::Engine& engine, const Error& err, Duration retry_in) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(retry_in).count();
    const std::string detail =
        "http: Accept error: " + err.Message() + "; retrying in " + std::to_string(ms) + "ms";
    engine.Report({.kind = engine::Event::Kind::kAccept, .detail = detail});
  }

  // False when the server had already been told to end.
  bool StopAccepting() {
    std::lock_guard control(control_mutex_);
    if (state_ == State::kStopping || state_ == State::kEnded) return false;
    {
      std::lock_guard lock(mutex_);
      state_ = State::kStopping;
    }
    for (auto& thread : threads_) {
      thread->RunThere([&] { thread->Listeners().clear(); });
    }
    return true;
  }

  void SetEnded() {
    std::lock_guard lock(mutex_);
    state_ = State::kEnded;
    changed_.notify_all();
  }

  engine::Engine& engine_;
  Options options_;
  engine::LoopEngine::Shared shared_;
  std::mutex control_mutex_;   // one start or stop at a time; taken before mutex_
  mutable std::mutex mutex_;   // what follows, which handlers may ask for
  std::condition_variable changed_;
  State state_ = State::kNew;
  std::vector<std::string> addresses_;
  std::vector<std::unique_ptr<LoopThread>> threads_;  // last: they use everything above
};

Server::Server(engine::Engine& engine, Options options)
    : impl_(std::make_unique<Impl>(engine, std::move(options))) {}

Server::~Server() {
  Error closed = Close();
  static_cast<void>(closed);
}

Options& Server::GetOptions() { return impl_->GetOptions(); }
Error Server::Listen(std::string_view address) { return impl_->Listen(address); }
Error Server::ListenFd(int fd) { return impl_->ListenFd(fd); }
Error Server::Serve() { return impl_->Serve(); }

Error Server::Serve(std::string_view address) {
  HON_RETURN_IF_ERROR(Listen(address));
  return Serve();
}

Error Server::Shutdown(const appcontext::Context& context) { return impl_->Shutdown(context); }
Error Server::Close() { return impl_->Close(); }
std::vector<std::string> Server::Addresses() const { return impl_->Addresses(); }
std::string_view Server::Backend() const { return impl_->Backend(); }
unsigned Server::Loops() const { return impl_->Loops(); }
size_t Server::Connections() const { return impl_->Connections(); }

Error ListenAndServe(std::string_view address, http::Handler& handler) {
  engine::Engine engine(handler);
  Server server(engine);
  return server.Serve(address);
}

}  // namespace hon::server
