#include <string_view>
#include <utility>

#include "hon/adaptor/response.h"
#include "hon/http/status.h"

namespace hon::adaptor {
namespace {

// Fields that frame a message or concern the connection (RFC 9110 §7.6.1), and Content-Type, as a
// 101 has no content (§6.4.1).
constexpr std::string_view kServersFields[] = {"Connection",        "Upgrade",        "Keep-Alive",
                                               "Proxy-Connection",  "Content-Length", "Trailer",
                                               "Transfer-Encoding", "Content-Type"};

}  // namespace

Error Response::Upgrade(std::string_view protocol, const http::Header& fields, io::ConnSink& sink) {
  if (IsDone()) return Refuse("Upgrade");
  if (phase_ != Phase::kOpen) return Error::New("http: response.Upgrade behind the head");
  if (options_.http10) {
    return Error::Of(http::ErrNotSupported, "http: HTTP/1.0 has no Upgrade");
  }
  if (options_.body != nullptr) {
    options_.body->SuppressContinue();
    HON_RETURN_IF_ERROR(options_.body->Close());
  }
  http::Header answer = fields.Clone();
  for (const std::string_view name : kServersFields) answer.Del(name);
  answer.Set("Connection", "Upgrade");
  answer.Set("Upgrade", protocol);
  head_.Commit(http::StatusSwitchingProtocols, false, answer);
  io::LinkBuffer& out = stream_->Out();
  char* const begin = out.Malloc(head_.SizeMax({}));
  out.MallocAck(static_cast<size_t>(head_.Append({}, begin) - begin));
  auto conn = control_->Hijack();
  if (!conn) return std::move(conn.error());
  phase_ = Phase::kHijacked;
  status_ = http::StatusSwitchingProtocols;
  return (*conn)->BecomeEvented(sink);
}

}  // namespace hon::adaptor
