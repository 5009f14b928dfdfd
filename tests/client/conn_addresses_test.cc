#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <memory>

#include "hon/client/trace.h"
#include "hon/client/transport.h"
#include "hon/http/client.h"
#include "hon/httptest/server.h"

// Takes the place of the C library's, to be counted.
namespace {
std::atomic<int> looked_up{0};
}  // namespace
extern "C" int getsockname(int fd, sockaddr* address, socklen_t* length) noexcept {
  static const auto real =
      reinterpret_cast<decltype(&getsockname)>(dlsym(RTLD_NEXT, "getsockname"));
  ++looked_up;
  return real(fd, address, length);
}

namespace hon::client {
namespace {

// A socket's address costs a system call: it is looked up for a GotConn hook, and for nothing else.
TEST(ConnAddresses, AreLookedUpForTheirHookOnly) {
  httptest::Server server([](http::ResponseWriter& w, http::Request&) { w.Write("ok"); });
  http::Protocols protocols;
  protocols.SetHTTP1(true);
  protocols.SetUnencryptedHTTP2(true);
  server.Configure(server::WithProtocols(protocols));
  server.Start();
  for (const bool http2 : {false, true}) {
    TransportOptions options;
    options.Protocols.SetHTTP1(!http2);
    options.Protocols.SetUnencryptedHTTP2(http2);
    http::Client client{.Transport = std::make_shared<Transport>(options)};
    const auto ask = [&](http::Request request) {
      Result<http::Response> answer = client.Do(request);
      ASSERT_TRUE(answer) << answer.error().Message();
      EXPECT_EQ(answer->Proto, http2 ? "HTTP/2.0" : "HTTP/1.1");
      std::array<char, 16> body;
      while (!answer->Body.Read(body).err) continue;
    };
    ask(*http::NewRequest("GET", server.URL));
    const int before = looked_up;
    for (int i = 0; i < 10; ++i) ask(*http::NewRequest("GET", server.URL));
    EXPECT_EQ(looked_up, before);

    std::string local;
    const auto trace = std::make_shared<ClientTrace>();
    trace->GotConn = [&](const GotConnInfo& info) { local = info.LocalAddr; };
    const appcontext::Context traced = WithClientTrace(appcontext::Background(), trace);
    ask(*http::NewRequestWithContext(traced, "GET", server.URL));
    EXPECT_EQ(local.substr(0, 10), "127.0.0.1:");
    EXPECT_EQ(looked_up, before + 1);
  }
}

}  // namespace
}  // namespace hon::client
