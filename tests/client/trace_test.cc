#include "hon/client/trace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "client/counting_server.h"
#include "hon/client/transport.h"
#include "hon/http/client.h"

namespace hon::client {
namespace {

using test::CountingServer;
using Events = std::vector<std::string>;

// A trace that writes down every hook.
std::shared_ptr<ClientTrace> TraceInto(Events& events, std::string_view prefix = {}) {
  auto trace = std::make_shared<ClientTrace>();
  const auto note = [&events, prefix = std::string(prefix)](std::string_view what) {
    events.push_back(prefix + std::string(what));
  };
  trace->GetConn = [note](std::string_view) { note("GetConn"); };
  trace->DNSStart = [note](std::string_view host) { note("DNSStart " + std::string(host)); };
  trace->DNSDone = [note](const Error& err) { note(err ? "DNSDone failed" : "DNSDone"); };
  trace->ConnectStart = [note](std::string_view) { note("ConnectStart"); };
  trace->ConnectDone = [note](std::string_view, const Error& err) {
    note(err ? "ConnectDone failed" : "ConnectDone");
  };
  trace->GotConn = [note](const GotConnInfo& info) {
    note(info.Reused ? "GotConn again" : "GotConn");
  };
  trace->WroteHeaderField = [note](std::string_view name, std::string_view value) {
    if (name != "Host") note(std::string(name) + "=" + std::string(value));
  };
  trace->WroteHeaders = [note](std::string_view) { note("WroteHeaders"); };
  trace->Wait100Continue = [note] { note("Wait100Continue"); };
  trace->WroteRequest = [note](const Error& err) {
    note(err ? "WroteRequest failed" : "WroteRequest");
  };
  trace->GotFirstResponseByte = [note] { note("GotFirstResponseByte"); };
  trace->PutIdleConn = [note](const Error& err) {
    note(err ? "PutIdleConn failed" : "PutIdleConn");
  };
  return trace;
}

Error Ask(http::Client& client, const std::string& url, const appcontext::Context& context) {
  http::Request request = *http::NewRequestWithContext(context, "GET", url);
  Result<http::Response> answer = client.Do(request);
  if (!answer) return answer.error();
  return answer->Body.ReadAll() ? Error() : Error::New("no body");
}

TEST(ClientTrace, TellsEachStepInOrder) {  // C23
  CountingServer server;
  http::Client client{.Transport = std::make_shared<Transport>()};
  Events events;
  const auto context = WithClientTrace({}, TraceInto(events));
  for (int i = 0; i < 2; ++i) ASSERT_FALSE(Ask(client, server.Url(), context));
  EXPECT_EQ(
      events,
      (Events{"GetConn", "ConnectStart", "ConnectDone", "GotConn", "User-Agent=hon-http-client/1.1",
              "Accept-Encoding=gzip", "WroteHeaders", "WroteRequest", "GotFirstResponseByte",
              "PutIdleConn",  //
              "GetConn", "GotConn again", "User-Agent=hon-http-client/1.1", "Accept-Encoding=gzip",
              "WroteHeaders", "WroteRequest", "GotFirstResponseByte", "PutIdleConn"}));
}

TEST(ClientTrace, TellsOfNamesAndOfFailures) {  // C23
  TransportOptions options;
  options.LookupHost = [](const std::string& host) -> Result<std::vector<std::string>> {
    if (host == "none.test") return Fail(Error::New("unknown here"));
    return std::vector<std::string>{"127.0.0.1"};
  };
  http::Client client{.Transport = std::make_shared<Transport>(options)};
  Events events;
  const auto context = WithClientTrace({}, TraceInto(events));
  EXPECT_TRUE(Ask(client, "http://none.test/", context));
  EXPECT_TRUE(Ask(client, "http://some.test:1/", context));
  EXPECT_EQ(events, (Events{"GetConn", "DNSStart none.test", "DNSDone failed",  //
                            "GetConn", "DNSStart some.test", "DNSDone", "ConnectStart",
                            "ConnectDone failed"}));
}

TEST(ClientTrace, TellsOfTheBody) {  // C23
  CountingServer server;
  http::Client client{.Transport = std::make_shared<Transport>()};
  Events events;
  const auto trace = TraceInto(events);
  trace->WroteHeaderField = nullptr;
  for (const size_t size : {size_t{5}, size_t{1} << 20}) {
    events.clear();
    http::Request request =
        *http::NewRequestWithContext(WithClientTrace({}, trace), "POST", server.Url(),
                                     http::Body::FromString(std::string(size, 'x')));
    Result<http::Response> answer = client.Do(request);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->Body.ReadAll());
    EXPECT_EQ(std::count(events.begin(), events.end(), "WroteRequest"), 1) << size;
  }
}

TEST(ClientTrace, TracesCompose) {  // C23
  CountingServer server;
  http::Client client{.Transport = std::make_shared<Transport>()};
  Events events;
  auto older = TraceInto(events, "older ");
  older->WroteHeaderField = nullptr;
  auto newer = std::make_shared<ClientTrace>();
  newer->GotConn = [&events](const GotConnInfo&) { events.emplace_back("newer GotConn"); };
  newer->WroteHeaderField = [&events](std::string_view name, std::string_view) {
    if (name == "User-Agent") events.emplace_back("newer User-Agent");
  };
  const auto context = WithClientTrace(WithClientTrace({}, older), newer);
  ASSERT_FALSE(Ask(client, server.Url(), context));
  EXPECT_EQ(events,
            (Events{"older GetConn", "older ConnectStart", "older ConnectDone", "newer GotConn",
                    "older GotConn", "newer User-Agent", "older WroteHeaders", "older WroteRequest",
                    "older GotFirstResponseByte", "older PutIdleConn"}));
}

}  // namespace
}  // namespace hon::client
