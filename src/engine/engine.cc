#include "hon/engine/engine.h"

#include <string>
#include <thread>
#include <utility>

#include "engine/runtime.h"
#include "hon/appcontext/callback_guard.h"

namespace hon::engine {

Http2Stats& Http2Stats::operator+=(const Http2Stats& other) {
  connections += other.connections;
  streams += other.streams;
  refused += other.refused;
  resets_received += other.resets_received;
  resets_sent += other.resets_sent;
  goaways += other.goaways;
  retired += other.retired;
  floods += other.floods;
  violations += other.violations;
  stalls += other.stalls;
  return *this;
}

/// Turns callbacks that throw below a context of the engine into events.
class Engine::Reporter final : public appcontext::ThrowReporter {
 public:
  explicit Reporter(const Engine& engine) : engine_(&engine) {}
  void OnThrown(std::string_view callback, const Error& why) noexcept override {
    engine_->ReportThrown(callback, why);
  }

 private:
  const Engine* engine_;
};

Engine::Engine(http::Handler* handler, Options options)
    : handler_(handler),
      options_(std::move(options)),
      reporter_(std::make_shared<Reporter>(*this)),
      runtime_(std::make_unique<Runtime>(*this)) {}

Engine::~Engine() {
  runtime_.reset();
  // A context that a handler has kept may be about to report; from now on such reports go to
  // stderr.
  const std::weak_ptr<Reporter> reports = reporter_;
  reporter_.reset();
  while (!reports.expired()) std::this_thread::yield();
}

fiber::BlockingPool& Engine::Blocking() const { return runtime_->Blocking(); }

void Engine::Report(const Event& event) const noexcept {
  if (!options_.on_event) return;
  const Error thrown = CallGuarded([&] { options_.on_event(event); });
  if (!thrown) return;
  static_cast<void>(CallGuarded([&] { LogToStderr(event); }));
  LogThrown("WithEventHook's hook", thrown);
}

void Engine::ReportThrown(std::string_view callback, const Error& why) const noexcept {
  const Error failed = CallGuarded([&] {
    const std::string detail = DescribeThrown(callback, why);
    Report({.kind = Event::Kind::kCallback, .detail = detail});
  });
  if (failed) LogThrown(callback, why);
}

appcontext::Context Engine::ReportingHere(const appcontext::Context& parent) const {
  return appcontext::WithThrowReporter(parent, reporter_);
}

}  // namespace hon::engine
