#include "hon/client/trace.h"

#include <any>
#include <utility>

#include "client/tell.h"

namespace hon::client {
namespace {

using TracePtr = std::shared_ptr<const ClientTrace>;

// The address of this object is the key of the context's value.
constexpr char kTraceKey = 0;

// Has `hook` call `older` after itself.
template <class... Arguments>
void Chain(std::function<void(Arguments...)>& hook,
           const std::function<void(Arguments...)>& older) {
  if (older == nullptr) return;
  if (hook == nullptr) {
    hook = older;
    return;
  }
  hook = [first = std::move(hook), older](Arguments... arguments) {
    first(arguments...);
    older(arguments...);
  };
}

TracePtr Combined(const ClientTrace& newer, const ClientTrace& older) {
  auto both = std::make_shared<ClientTrace>(newer);
  Chain(both->GetConn, older.GetConn);
  Chain(both->DNSStart, older.DNSStart);
  Chain(both->DNSDone, older.DNSDone);
  Chain(both->ConnectStart, older.ConnectStart);
  Chain(both->ConnectDone, older.ConnectDone);
  Chain(both->TLSHandshakeStart, older.TLSHandshakeStart);
  Chain(both->TLSHandshakeDone, older.TLSHandshakeDone);
  Chain(both->GotConn, older.GotConn);
  Chain(both->WroteHeaderField, older.WroteHeaderField);
  Chain(both->WroteHeaders, older.WroteHeaders);
  Chain(both->Wait100Continue, older.Wait100Continue);
  Chain(both->WroteRequest, older.WroteRequest);
  Chain(both->GotFirstResponseByte, older.GotFirstResponseByte);
  Chain(both->Got100Continue, older.Got100Continue);
  Chain(both->PutIdleConn, older.PutIdleConn);
  if (older.Got1xxResponse != nullptr) {
    both->Got1xxResponse = [first = newer.Got1xxResponse, then = older.Got1xxResponse](
                               int status, const http::Header& header) {
      if (first != nullptr) HON_RETURN_IF_ERROR(first(status, header));
      return then(status, header);
    };
  }
  return both;
}

}  // namespace

appcontext::Context WithClientTrace(const appcontext::Context& parent, TracePtr trace) {
  const TracePtr older = ContextClientTrace(parent);
  if (trace != nullptr && older != nullptr) trace = Combined(*trace, *older);
  return appcontext::WithValue(parent, &kTraceKey, std::move(trace));
}

TracePtr ContextClientTrace(const appcontext::Context& context) {
  const std::any* const value = context.Value(&kTraceKey);
  return value == nullptr ? nullptr : std::any_cast<TracePtr>(*value);
}

TracePtr TraceOf(const appcontext::Context& context, const ClientTrace* extra) {
  TracePtr own = ContextClientTrace(context);
  if (extra == nullptr) return own;
  if (own != nullptr) return Combined(*extra, *own);
  return {std::shared_ptr<void>(), extra};  // not owned
}

void TellHead(const ClientTrace* trace, std::string_view head) {
  if (trace == nullptr) return;
  if (trace->WroteHeaderField != nullptr) {
    size_t at = head.find("\r\n") + 2;
    for (size_t end = 0; (end = head.find("\r\n", at)) != at; at = end + 2) {
      const std::string_view line = head.substr(at, end - at);
      const size_t colon = line.find(':');
      trace->WroteHeaderField(line.substr(0, colon), line.substr(colon + 2));
    }
  }
  Tell(trace, &ClientTrace::WroteHeaders, head);
}

}  // namespace hon::client
