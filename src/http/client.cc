#include "hon/http/client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "hon/base/quote.h"
#include "hon/http/base64.h"
#include "hon/http/method.h"
#include "hon/http/replay.h"
#include "http/redirect.h"
#include "http/timed_body.h"
#include "http/token.h"

namespace hon::http {
namespace {

using RequestPtr = std::shared_ptr<Request>;

// "Get" for "GET", as Go's url.Error names the operation.
std::string OperationName(std::string_view method) {
  if (method.empty()) return "Get";
  std::string name(method);
  std::transform(name.begin() + 1, name.end(), name.begin() + 1, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return name;
}

Error Named(std::string_view method, const url::URL& url, Error cause) {
  return Error::Wrap(OperationName(method) + " " + Quote(internal::WithoutPassword(url)),
                     std::move(cause));
}

// A pointer without ownership: the caller keeps `request`.
RequestPtr Borrow(Request& request) { return RequestPtr(std::shared_ptr<void>(), &request); }

Error Check(const Client& client, const Request& request) {
  if (client.Transport == nullptr) return Error::New("http: Client has no Transport");
  if (!request.RequestURI.empty()) {
    return Error::Of(ErrInvalidRequest, "http: Request.RequestURI can't be set in client requests");
  }
  return {};
}

/// One call of Do: the requests of a chain of redirects.
class RedirectChain {
 public:
  RedirectChain(Client& client, RequestPtr first)
      : client_(client), first_(std::move(first)), current_(first_) {
    if (client.Timeout > Duration::zero()) {
      deadline_ = DeadlineAfter(Clock::now(), client.Timeout);
    }
  }

  Result<Response> Run() {
    for (;;) {
      Result<Response> answer = SendOnce();
      if (!answer) {
        return Fail(Named(current_->Method, current_->URL, std::move(answer.error())));
      }
      bool follow = true;
      if (Error err = Prepare(*answer, follow)) {
        return Fail(Named(current_->Method, current_->URL, std::move(err)));
      }
      if (!follow) return answer;
    }
  }

 private:
  Result<Response> SendOnce();
  Result<Response> Send(const RequestPtr& request);
  RequestPtr WithAdditions();
  Error Prepare(Response& answer, bool& follow);
  Result<RequestPtr> NextRequest(const Response& answer, const internal::RedirectPlan& plan);
  void CopyHeader(const internal::RedirectPlan& plan, Request& next);
  [[nodiscard]] bool IsSensitive(std::string_view name) const;
  Error MayFollow(Request& next, bool& follow);

  Client& client_;
  RequestPtr first_;
  RequestPtr current_;
  std::vector<RequestPtr> sent_;
  TimePoint deadline_ = kNever;
  bool crossed_origin_ = false;  // sticky
  bool body_dropped_ = false;
};

// Userinfo and cookies go into a copy, since the request belongs to the caller.
RequestPtr RedirectChain::WithAdditions() {
  const bool credentials =
      current_->URL.User != nullptr && !current_->Header.Has(HeaderId::kAuthorization);
  std::vector<Cookie> cookies;
  if (client_.Jar != nullptr) {
    url::URL asked = current_->URL;
    if (!current_->Host.empty()) asked.Host = current_->Host;
    cookies = client_.Jar->Cookies(asked);
  }
  if (!credentials && cookies.empty()) return current_;
  auto copy = std::make_shared<Request>(current_->Clone(current_->Context()));
  if (credentials) {
    copy->SetBasicAuth(copy->URL.User->Username(), copy->URL.User->Password());
  }
  for (const Cookie& cookie : cookies) copy->AddCookie(cookie);
  return copy;
}

Result<Response> RedirectChain::SendOnce() {
  if (Error err = Check(client_, *current_)) return Fail(std::move(err));
  const RequestPtr request = WithAdditions();
  Result<Response> answer = Send(request);
  if (!answer) return answer;
  answer->Request = request;
  if (client_.Jar != nullptr) {
    const std::vector<Cookie> cookies = answer->Cookies();
    url::URL asked = current_->URL;
    if (!current_->Host.empty()) asked.Host = current_->Host;
    if (!cookies.empty()) client_.Jar->SetCookies(asked, cookies);
  }
  return answer;
}

Result<Response> RedirectChain::Send(const RequestPtr& request) {
  if (deadline_ == kNever) return client_.Transport->RoundTrip(*request);
  // During the call the request has the context with the time limit.
  const appcontext::Context own = request->Context();
  auto [limited, cancel] = appcontext::WithDeadline(own, deadline_, internal::ClientTimeout());
  request->SetContext(limited);
  Result<Response> answer = client_.Transport->RoundTrip(*request);
  request->SetContext(own);
  if (!answer) {
    if (limited.Done() && !own.Done()) answer = Fail(internal::ClientTimeout());
    cancel();
    return answer;
  }
  internal::LimitBody(*answer, std::move(limited), std::move(cancel));
  return answer;
}

bool RedirectChain::IsSensitive(std::string_view name) const {
  const auto& more = client_.SensitiveHeaders;
  return internal::IsCredential(name) ||
         std::any_of(more.begin(), more.end(),
                     [name](const std::string& one) { return internal::EqualFold(name, one); });
}

// The fields of the first request, without those of a dropped body or of another origin.
void RedirectChain::CopyHeader(const internal::RedirectPlan& plan, Request& next) {
  if (!plan.keep_body) body_dropped_ = true;
  if (!internal::SameOrigin(first_->URL, next.URL)) crossed_origin_ = true;
  for (const auto& field : first_->Header) {
    if (body_dropped_ && internal::DescribesBody(field.name)) continue;
    if (crossed_origin_ && !client_.TrustRedirects && IsSensitive(field.name)) continue;
    next.Header.AddExact(field.name, field.value);
  }
  if (first_->Header.Suppressed(HeaderId::kUserAgent)) next.Header.Suppress("User-Agent");
  if (!next.Header.Has(HeaderId::kReferer)) {
    const std::string referer = internal::RefererFor(current_->URL, next.URL);
    if (!referer.empty()) next.Header.Set(HeaderId::kReferer, referer);
  }
}

Result<RequestPtr> RedirectChain::NextRequest(const Response& answer,
                                              const internal::RedirectPlan& plan) {
  const std::string_view location = answer.Header.Get(HeaderId::kLocation);
  Result<url::URL> url = current_->URL.Parse(location);
  if (!url) {
    return Fail(Error::Of(ErrBadLocation, "failed to parse Location header " + Quote(location) +
                                              ": " + url.error().Message()));
  }
  auto next = std::make_shared<Request>();
  next->SetContext(first_->Context());
  next->URL = std::move(*url);
  const bool relative = !url::Parse(location)->IsAbs();
  if (relative && next->URL.User == nullptr) next->URL.User = current_->URL.User;
  // A Host set by the caller is for this server only.
  const bool own_host = !current_->Host.empty() && current_->Host != current_->URL.Host;
  next->Host = next->Own(relative && own_host ? current_->Host : std::string_view(next->URL.Host));
  next->Method = next->Own(plan.method);
  CopyHeader(plan, *next);
  if (plan.keep_body && !body_dropped_) {
    HON_TRY(next->Body, GetBody(first_->Body));
    next->ContentLength = first_->ContentLength;
    next->Chunked = first_->Chunked;
    next->Trailer = first_->Trailer.Clone();
  }
  next->Close = first_->Close;
  return next;
}

Error RedirectChain::MayFollow(Request& next, bool& follow) {
  if (client_.CheckRedirect == nullptr) {
    if (sent_.size() < kRedirectsMax) return {};
    return Error::Of(ErrTooManyRedirects,
                     "stopped after " + std::to_string(kRedirectsMax) + " redirects");
  }
  std::vector<Request*> via;
  via.reserve(sent_.size());
  for (const RequestPtr& one : sent_) via.push_back(one.get());
  Error err = client_.CheckRedirect(next, via);
  if (err.Is(ErrUseLastResponse)) {
    follow = false;
    return {};
  }
  return err;
}

// Makes the next request the current one, or clears `follow` when `answer` is the last.
Error RedirectChain::Prepare(Response& answer, bool& follow) {
  const std::string_view method =
      current_->Method.empty() ? MethodGet : std::string_view(current_->Method);
  const internal::RedirectPlan plan = internal::PlanRedirect(method, answer.StatusCode);
  follow = plan.follow && !answer.Header.Get(HeaderId::kLocation).empty();
  if (!follow) return {};
  if (plan.keep_body && !body_dropped_ && !IsReplayable(first_->Body)) return ErrRedirectBody;
  sent_.push_back(current_);
  Result<RequestPtr> next = NextRequest(answer, plan);
  if (!next) return std::move(next.error());
  HON_RETURN_IF_ERROR(MayFollow(**next, follow));
  if (!follow) return {};
  // A server must not lead to a protocol of this program's own, as file.
  const std::string scheme = (*next)->URL.Scheme;
  if (scheme != "http" && scheme != "https" && scheme != current_->URL.Scheme) {
    current_ = std::move(*next);  // for the error's text
    return Error::Of(ErrBadLocation, "unsupported protocol scheme " + Quote(scheme));
  }
  // A short body is read, so that the connection can serve the next request.
  if (answer.ContentLength <= static_cast<int64_t>(kRedirectBodyBytesMax)) {
    static_cast<void>(answer.Body.ReadAll(kRedirectBodyBytesMax));
  }
  current_ = std::move(*next);
  return {};
}

Result<Response> Start(Client& client, std::string_view method, std::string_view url,
                       std::string_view content_type, http::Body body) {
  Result<Request> made = NewRequest(method, url, std::move(body));
  if (!made) {
    return Fail(Error::Wrap(OperationName(method) + " " + Quote(url), std::move(made.error())));
  }
  if (!content_type.empty()) made->Header.Set(HeaderId::kContentType, content_type);
  return client.Do(std::move(*made));
}

}  // namespace

Result<Request> NewRequest(std::string_view method, std::string_view url, http::Body body) {
  return NewRequestWithContext({}, method, url, std::move(body));
}

Result<Request> NewRequestWithContext(appcontext::Context context, std::string_view method,
                                      std::string_view url, http::Body body) {
  if (method.empty()) method = MethodGet;
  if (!internal::IsToken(method)) {
    return Fail(Error::Of(ErrInvalidRequest, "net/http: invalid method " + Quote(method)));
  }
  HON_TRY(url::URL parsed, url::Parse(url));
  if (parsed.Host.ends_with(':')) parsed.Host.pop_back();
  Request request;
  request.SetContext(std::move(context));
  request.Method = request.Own(method);
  request.URL = std::move(parsed);
  request.Host = request.Own(request.URL.Host);
  request.ContentLength = LengthOf(body);
  if (request.ContentLength != 0) request.Body = std::move(body);
  return request;
}

Result<Response> Client::Do(Request& request) {
  return RedirectChain(*this, Borrow(request)).Run();
}

Result<Response> Client::Do(Request&& request) {
  return RedirectChain(*this, std::make_shared<Request>(std::move(request))).Run();
}

Result<Response> Client::Get(std::string_view url) { return Start(*this, MethodGet, url, "", {}); }

Result<Response> Client::Head(std::string_view url) {
  return Start(*this, MethodHead, url, "", {});
}

Result<Response> Client::Post(std::string_view url, std::string_view content_type,
                              http::Body body) {
  return Start(*this, MethodPost, url, content_type, std::move(body));
}

Result<Response> Client::PostForm(std::string_view url, const url::Values& values) {
  return Post(url, "application/x-www-form-urlencoded", http::Body::FromString(values.Encode()));
}

void Client::CloseIdleConnections() {
  if (Transport != nullptr) Transport->CloseIdleConnections();
}

}  // namespace hon::http
