#include "hon/http/middleware.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "hon/http/loop_bound.h"
#include "hon/http/reply.h"
#include "http/path_scope.h"

namespace hon::http {
namespace {

class PrefixStripper final : public Handler {
 public:
  PrefixStripper(std::string prefix, HandlerPtr handler)
      : prefix_(std::move(prefix)), handler_(std::move(handler)) {}

  void ServeHTTP(ResponseWriter& w, Request& r) override {
    const std::string& raw = r.URL.RawPath;
    const bool fits = Begins(r.URL.Path) && (raw.empty() || Begins(raw));
    if (!fits) return NotFound(w, r);
    const internal::PathScope scope(r, prefix_.size(), raw.empty() ? 0 : prefix_.size());
    handler_->ServeHTTP(w, r);
  }
  Target Resolve(Request&) override { return LoopBound::Around(*this, *handler_); }

 private:
  [[nodiscard]] bool Begins(std::string_view path) const {
    return path.substr(0, prefix_.size()) == prefix_;
  }

  const std::string prefix_;
  const HandlerPtr handler_;
};

class SemicolonReplacer final : public Handler {
 public:
  explicit SemicolonReplacer(HandlerPtr handler) : handler_(std::move(handler)) {}

  void ServeHTTP(ResponseWriter& w, Request& r) override {
    if (r.URL.RawQuery.find(';') == std::string::npos) return handler_->ServeHTTP(w, r);
    const Restorer restorer{r.URL.RawQuery, r.Own(r.URL.RawQuery)};
    std::replace(r.URL.RawQuery.begin(), r.URL.RawQuery.end(), ';', '&');
    handler_->ServeHTTP(w, r);
  }

 private:
  struct Restorer {
    std::string& query;
    std::string_view original;
    ~Restorer() { query.assign(original); }
  };

  const HandlerPtr handler_;
};

}  // namespace

Middleware Around(std::function<void(ResponseWriter&, Request&, Handler&)> around) {
  return [around = std::make_shared<const decltype(around)>(std::move(around))](HandlerPtr next) {
    return std::make_shared<HandlerFunc>(
        [around, next = std::move(next)](ResponseWriter& w, Request& r) {
          (*around)(w, r, *next);
        });
  };
}

HandlerPtr Chain(const std::vector<Middleware>& middleware, HandlerArg handler) {
  HandlerPtr chain = handler.Take();
  for (size_t i = middleware.size(); i-- > 0;) chain = middleware[i](std::move(chain));
  return chain;
}

HandlerPtr StripPrefix(std::string prefix, HandlerArg handler) {
  if (prefix.empty()) return handler.Take();
  return std::make_shared<PrefixStripper>(std::move(prefix), handler.Take());
}

HandlerPtr AllowQuerySemicolons(HandlerArg handler) {
  return std::make_shared<SemicolonReplacer>(handler.Take());
}

}  // namespace hon::http
