#include "client/request_head.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "client/decode.h"
#include "hon/adaptor/chunked.h"
#include "hon/adaptor/head_parser.h"
#include "hon/base/assert.h"
#include "hon/base/eight_bytes.h"
#include "hon/base/quote.h"
#include "hon/http/client_error.h"
#include "hon/http/method.h"
#include "http/list.h"

namespace hon::client {

using http::HeaderId;
using http::internal::IsToken;
using http::internal::ListHasFold;

namespace {

constexpr size_t kDigitsMax = 20;

Error Invalid(std::string text) {
  return Error::Of(http::ErrInvalidRequest, "net/http: " + std::move(text));
}

bool IsTargetText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > ' ' && byte != 0x7F;
  });
}

Error CheckFields(const http::Header& header, std::string_view what) {
  for (const auto& field : header) {
    // The names that HeaderId knows are tokens.
    if (field.id == HeaderId::kUnknown && !IsToken(field.name)) {
      return Invalid("invalid " + std::string(what) + " field name " + Quote(field.name));
    }
    if (!IsFieldValue(field.value)) {
      return Invalid("invalid " + std::string(what) + " field value for " + Quote(field.name));
    }
  }
  return {};
}

// Fields that are made from the Request's other members.
bool IsMade(const http::Header::Field& field) {
  switch (field.id) {
    case HeaderId::kHost:
    case HeaderId::kUserAgent:
    case HeaderId::kContentLength:
    case HeaderId::kTransferEncoding:
    case HeaderId::kTrailer:
      return true;
    default:
      return false;
  }
}

/// Writes into memory of sufficient size.
class Pen {
 public:
  explicit Pen(char* at) : at_(at) {}
  Pen& operator<<(std::string_view text) {
    at_ += text.copy(at_, text.size());
    return *this;
  }
  Pen& Number(int64_t value) {
    at_ = std::to_chars(at_, at_ + kDigitsMax, value).ptr;
    return *this;
  }
  [[nodiscard]] char* At() const { return at_; }

 private:
  char* at_;
};

// The host of a URL without the zone of an IPv6 address, which is valid only on this machine.
std::string_view HostField(const http::Request& r) {
  return r.Host.empty() ? std::string_view(r.URL.Host) : r.Host;
}

Error CheckTarget(const http::Request& r, std::string_view method) {
  std::string scratch;
  if (!r.URL.Opaque.empty()) {
    if (!IsTargetText(r.URL.Opaque)) {
      return Invalid("can't write control character in Request.URL");
    }
  } else if (!IsTargetText(r.URL.EscapedPathView(scratch))) {
    return Invalid("can't write control character in Request.URL");
  }
  if (!IsTargetText(r.URL.RawQuery)) {
    return Invalid("can't write control character or space in Request.URL's query");
  }
  if (!IsToken(method)) return Invalid("invalid method " + Quote(method));
  return {};
}

Error CheckTrailers(const http::Header& trailer) {
  HON_RETURN_IF_ERROR(CheckFields(trailer, "trailer"));
  for (const auto& field : trailer) {
    if (!adaptor::IsTrailerAllowed(field.name)) {
      return Invalid("invalid Trailer key " + Quote(field.name));
    }
  }
  return {};
}

void PlanFraming(const http::Request& r, RequestPlan& plan) {
  if (r.Body.IsNoBody()) return;
  if (r.Chunked || r.ContentLength <= 0) {
    plan.framing = RequestFraming::kChunked;
  } else {
    plan.framing = RequestFraming::kLength;
    plan.length = r.ContentLength;
  }
}

bool HasBracketZone(std::string_view host) { return host.find('%') != std::string_view::npos; }

}  // namespace

bool IsFieldValue(std::string_view value) {
  const auto may_be_control = [](uint64_t word) {  // true for HTAB, too
    return HasBelowBlank(word) || HasByte(word, 0x7F);
  };
  return !AnyWord(value, 'x', may_be_control) ||
         std::all_of(value.begin(), value.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte == '\t' || (byte >= ' ' && byte != 0x7F);
         });
}

bool SeldomHasContent(std::string_view method) {
  return method == http::MethodGet || method == http::MethodHead || method == http::MethodDelete ||
         method == http::MethodOptions || method == "PROPFIND" || method == "SEARCH";
}

bool StatesNoContent(const RequestPlan& plan) {
  return plan.framing == RequestFraming::kNone &&
         (plan.method == http::MethodPost || plan.method == http::MethodPut ||
          plan.method == http::MethodPatch);
}

Result<RequestPlan> PlanRequest(const http::Request& r, const TransportOptions& options) {
  const std::string& scheme = r.URL.Scheme;
  if (scheme != "http" && scheme != "https") {
    return Fail(Error::Of(http::ErrInvalidRequest, "unsupported protocol scheme " + Quote(scheme)));
  }
  if (r.URL.Host.empty()) {
    return Fail(Error::Of(http::ErrInvalidRequest, "http: no Host in request URL"));
  }
  RequestPlan plan;
  plan.method = r.Method.empty() ? http::MethodGet : r.Method;
  plan.host = HostField(r);
  if (Error err = CheckTarget(r, plan.method)) return Fail(std::move(err));
  if (HasBracketZone(plan.host) || !adaptor::IsValidHost(plan.host)) {
    return Fail(Invalid("http: invalid Host header"));
  }
  if (Error err = CheckFields(r.Header, "header")) return Fail(std::move(err));
  if (Error err = CheckTrailers(r.Trailer)) return Fail(std::move(err));
  if (r.Body.IsNoBody() && r.ContentLength > 0) {
    return Fail(Invalid("http: Request.ContentLength=" + std::to_string(r.ContentLength) +
                        " with nil Body"));
  }
  PlanFraming(r, plan);
  plan.upgrades = r.Header.Has(HeaderId::kUpgrade);
  plan.asks_for_codings = !options.DisableCompression && !plan.upgrades &&
                          plan.method != http::MethodHead && !r.Header.Has(HeaderId::kRange) &&
                          r.Header.Get(HeaderId::kAcceptEncoding).empty() &&
                          !r.Header.Suppressed(HeaderId::kAcceptEncoding);
  plan.expects_continue = plan.framing != RequestFraming::kNone &&
                          ListHasFold(r.Header.Get(HeaderId::kExpect), "100-continue");
  plan.close = r.Close || (options.DisableKeepAlives && !plan.upgrades) ||
               ListHasFold(r.Header.Get(HeaderId::kConnection), "close");
  return plan;
}

std::string_view WriteRequestHead(const http::Request& r, const RequestPlan& plan,
                                  const Route& route, io::LinkBuffer& out) {
  std::string scratch;
  const std::string_view path = r.URL.EscapedPathView(scratch);
  const bool authority_form = plan.method == http::MethodConnect && path.empty();
  std::string proxy_credentials;
  if (route.AbsoluteForm() && route.proxy_user != nullptr) {
    proxy_credentials = BasicCredentialsOf(*route.proxy_user);
  }
  size_t size = 256 + plan.method.size() + 2 * plan.host.size() + path.size() +
                r.URL.Opaque.size() + r.URL.RawQuery.size() + proxy_credentials.size() +
                r.Header.Get(HeaderId::kUserAgent).size();
  for (const auto& field : r.Header) size += field.name.size() + field.value.size() + 4;
  for (const auto& field : r.Trailer) size += field.name.size() + 2;
  char* const start = out.Malloc(size);
  Pen pen(start);
  pen << plan.method << " ";
  if (authority_form) {
    pen << (r.URL.Opaque.empty() ? plan.host : std::string_view(r.URL.Opaque));
  } else {
    if (route.AbsoluteForm() && r.URL.Opaque.empty()) pen << "http://" << plan.host;
    const std::string_view target = r.URL.Opaque.empty() ? path : std::string_view(r.URL.Opaque);
    if (r.URL.Opaque.starts_with("//")) pen << r.URL.Scheme << ":";
    pen << (target.empty() ? std::string_view("/") : target);
    if (r.URL.ForceQuery || !r.URL.RawQuery.empty()) pen << "?" << r.URL.RawQuery;
  }
  pen << " HTTP/1.1\r\nHost: " << plan.host << "\r\n";
  const std::string_view agent = r.Header.Get(HeaderId::kUserAgent);
  const bool no_agent = r.Header.Suppressed(HeaderId::kUserAgent) ||
                        (r.Header.Has(HeaderId::kUserAgent) && agent.empty());
  if (!no_agent) pen << "User-Agent: " << (agent.empty() ? kUserAgent : agent) << "\r\n";
  const bool own_close = ListHasFold(r.Header.Get(HeaderId::kConnection), "close");
  if (plan.close && !own_close) pen << "Connection: close\r\n";
  if (plan.framing == RequestFraming::kChunked) {
    pen << "Transfer-Encoding: chunked\r\n";
    std::string_view before = "Trailer: ";
    for (const auto& field : r.Trailer) {
      pen << before << field.name;
      before = ",";
    }
    if (!r.Trailer.Empty()) pen << "\r\n";
  } else if (plan.framing == RequestFraming::kLength || StatesNoContent(plan)) {
    pen << "Content-Length: ";
    pen.Number(plan.length) << "\r\n";
  }
  for (const auto& field : r.Header) {
    if (IsMade(field)) continue;
    if (plan.asks_for_codings && field.id == HeaderId::kAcceptEncoding) continue;
    pen << field.name << ": " << field.value << "\r\n";
  }
  if (plan.asks_for_codings) pen << "Accept-Encoding: " << AcceptedCodings() << "\r\n";
  if (!proxy_credentials.empty()) pen << "Proxy-Authorization: " << proxy_credentials << "\r\n";
  pen << "\r\n";
  const auto written = static_cast<size_t>(pen.At() - start);
  HON_ASSERT(written <= size);
  out.MallocAck(written);
  return {start, written};
}

}  // namespace hon::client
