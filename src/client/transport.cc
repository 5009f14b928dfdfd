#include "hon/client/transport.h"

#include <stdexcept>
#include <utility>

#include "client/bridge.h"
#include "client/core.h"
#include "client/round_trip.h"
#include "hon/fiber/fiber.h"

namespace hon::client {

Transport::Transport(TransportOptions options)
    : core_(std::make_shared<Core>(std::move(options))), bridge_(std::make_unique<Bridge>(core_)) {}

Transport::~Transport() { core_->Close(); }

namespace {

// The request of an answer: not owned.
void SetRequest(Result<http::Response>& answer, const http::Request& request) {
  if (!answer) return;
  answer->Request = std::shared_ptr<const http::Request>(std::shared_ptr<void>(), &request);
}

}  // namespace

Result<http::Response> Transport::RoundTrip(http::Request& request) {
  core_->KeepIdle();
  if (const std::shared_ptr<http::RoundTripper> other = core_->AltProtocol(request.URL.Scheme)) {
    Result<http::Response> answer = other->RoundTrip(request);
    if (answer || !answer.error().Is(ErrSkipAltProtocol)) return answer;
  }
  if (fiber::Current() != nullptr) return RoundTripOnFiber(request, nullptr);
  if (netpoll::Loop::Current() != nullptr) {
    return Fail(
        Error::New("net/http: a request from a loop's callback would stop the loop: "
                   "start a fiber"));
  }
  Result<http::Response> answer = bridge_->RoundTrip(request);
  SetRequest(answer, request);
  return answer;
}

Result<http::Response> Transport::RoundTripTraced(http::Request& request,
                                                  const ClientTrace& trace) {
  core_->KeepIdle();
  if (core_->AltProtocol(request.URL.Scheme) != nullptr) return RoundTrip(request);
  return RoundTripOnFiber(request, &trace);
}

// Makes the answer where the caller has it: an answer is large.
Result<http::Response> Transport::RoundTripOnFiber(http::Request& request,
                                                   const ClientTrace* trace) {
  Result<http::Response> answer = RoundTripHere(core_, request, request.Body, Extended::kNo, trace);
  SetRequest(answer, request);
  return answer;
}

Result<http::Response> Transport::RoundTripUpgrade(http::Request& request) {
  if (fiber::Current() == nullptr) {
    return Fail(Error::New("net/http: a request to upgrade that is not sent from a fiber"));
  }
  core_->KeepIdle();
  if (core_->AltProtocol(request.URL.Scheme) != nullptr) return RoundTrip(request);
  Result<http::Response> answer = RoundTripHere(core_, request, request.Body, Extended::kAllowed);
  SetRequest(answer, request);
  return answer;
}

void Transport::RegisterProtocol(std::string scheme,
                                 std::shared_ptr<http::RoundTripper> transport) {
  const std::string text = "protocol " + scheme + " already registered";
  if (!core_->Register(std::move(scheme), std::move(transport))) throw std::invalid_argument(text);
}

void Transport::CloseIdleConnections() { core_->CloseIdle(); }

size_t Transport::IdleConnections() const { return core_->idle.load(std::memory_order_relaxed); }

}  // namespace hon::client
