#include "hon/engine/placement.h"

#include <stdexcept>
#include <utility>

#include "engine/exchange.h"
#include "engine/placing.h"
#include "hon/base/quote.h"

namespace hon::engine {
namespace {

class PlacedHandler final : public http::Handler {
 public:
  PlacedHandler(Placement placement, http::HandlerPtr handler)
      : placement_(placement), handler_(std::move(handler)) {}

  // Called when the engine has not found this handler by Resolve: a handler around it has called
  // it.
  void ServeHTTP(http::ResponseWriter& w, http::Request& r) override {
    const http::Target target = Resolve(r);
    if (Exchange* exchange = Exchange::Running()) return exchange->ServeWithin(target, w, r);
    target.handler->ServeHTTP(w, r);
  }

  http::Target Resolve(http::Request& r) override {
    http::Target target = handler_->Resolve(r);
    // Of two nested placements the inner one counts.
    if (target.runner_hint == 0) target.runner_hint = HintFor(placement_);
    return target;
  }

 private:
  const Placement placement_;
  const http::HandlerPtr handler_;
};

}  // namespace

http::HandlerPtr Place(Placement placement, http::HandlerArg handler) {
  http::HandlerPtr inner = handler.Take();
  if (inner == nullptr) throw std::invalid_argument("engine: nil handler");
  return std::make_shared<PlacedHandler>(placement, std::move(inner));
}

Result<Placement> ParsePlacement(std::string_view name) {
  if (name == "inline") return kInline;
  if (name == "workers") return kWorkers;
  if (name == "adaptive") return kAdaptive;
  return Fail(Error::New("unknown placement " + Quote(name) + " (inline, workers or adaptive)"));
}

}  // namespace hon::engine
