#include "hon/http/cross_origin_protection.h"

#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <utility>

#include "hon/base/quote.h"
#include "hon/http/method.h"
#include "hon/http/reply.h"
#include "hon/http/serve_mux.h"
#include "hon/http/status.h"

namespace hon::http {
namespace {

Error InvalidOrigin(std::string_view origin, std::string_view why) {
  return Error::New("invalid origin " + Quote(origin) + ": " + std::string(why));
}

void Nothing(ResponseWriter&, Request&) {}

}  // namespace

struct CrossOriginProtection::State {
  HandlerFunc bypassed{Nothing};  // stands for every bypass pattern
  ServeMux bypass;
  mutable std::shared_mutex mutex;
  std::set<std::string, std::less<>> trusted;  // under mutex
  HandlerPtr deny;                             // under mutex
};

class CrossOriginProtection::Wrapper final : public http::Handler {
 public:
  Wrapper(const CrossOriginProtection& protection, HandlerPtr handler)
      : protection_(protection), handler_(std::move(handler)) {}

  void ServeHTTP(ResponseWriter& w, Request& r) override {
    const Error err = protection_.Check(r);
    if (!err) return handler_->ServeHTTP(w, r);
    HandlerPtr deny;
    {
      const std::shared_lock lock(protection_.state_->mutex);
      deny = protection_.state_->deny;
    }
    if (deny != nullptr) return deny->ServeHTTP(w, r);
    ReplyError(w, err.Message(), StatusForbidden);
  }

 private:
  const CrossOriginProtection& protection_;
  const HandlerPtr handler_;
};

CrossOriginProtection::CrossOriginProtection() : state_(std::make_unique<State>()) {}
CrossOriginProtection::~CrossOriginProtection() = default;

Error CrossOriginProtection::AddTrustedOrigin(std::string_view origin) {
  const Result<url::URL> url = url::Parse(origin);
  if (!url) return Error::Wrap("invalid origin " + Quote(origin), url.error());
  if (url->Scheme.empty()) return InvalidOrigin(origin, "scheme is required");
  if (url->Host.empty()) return InvalidOrigin(origin, "host is required");
  if (!url->Path.empty() || !url->RawQuery.empty() || !url->Fragment.empty()) {
    return InvalidOrigin(origin, "path, query, and fragment are not allowed");
  }
  const std::unique_lock lock(state_->mutex);
  state_->trusted.emplace(origin);
  return {};
}

void CrossOriginProtection::AddInsecureBypassPattern(std::string_view pattern, CallSite where) {
  state_->bypass.Handle(pattern, state_->bypassed, where);
}

void CrossOriginProtection::SetDenyHandler(HandlerArg handler) {
  HandlerPtr deny = handler.Take();
  const std::unique_lock lock(state_->mutex);
  state_->deny.swap(deny);
}

Error CrossOriginProtection::Check(const Request& r) const {
  if (r.Method == MethodGet || r.Method == MethodHead || r.Method == MethodOptions) return {};
  const std::string_view site = r.Header.Get(HeaderId::kSecFetchSite);
  if (site == "same-origin" || site == "none") return {};
  if (!site.empty()) return IsExempt(r) ? Error() : ErrCrossOrigin;
  const std::string_view origin = r.Header.Get(HeaderId::kOrigin);
  if (origin.empty()) return {};
  // Host has no scheme, so http to https of one host passes: old browsers only.
  const Result<url::URL> url = url::Parse(origin);
  if (url && url->Host == r.Host) return {};
  return IsExempt(r) ? Error() : ErrCrossOriginOldBrowser;
}

bool CrossOriginProtection::IsExempt(const Request& r) const {
  if (state_->bypass.Handler(r).handler == &state_->bypassed) return true;
  const std::string_view origin = r.Header.Get(HeaderId::kOrigin);
  const std::shared_lock lock(state_->mutex);
  return !origin.empty() && state_->trusted.find(origin) != state_->trusted.end();
}

HandlerPtr CrossOriginProtection::Handler(HandlerArg handler) const {
  return std::make_shared<Wrapper>(*this, handler.Take());
}

}  // namespace hon::http
