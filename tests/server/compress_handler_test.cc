// http::CompressHandler on a loop that has other connections.

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "hon/http/compress.h"
#include "hon/httptest/server.h"
#include "support/test_server.h"

namespace hon {
namespace {

using namespace std::chrono_literals;
using test::WirePeer;

class CompressHandler : public test::BackendTest {};

// Zeros compress a thousandfold: the output never makes its writer wait for the client. On one
// loop, and on its thread, the second connection is served in the turns that compressing leaves.
TEST_P(CompressHandler, OtherRequestsAreServedDuringALongCompression) {
  std::atomic<bool> begun = false;
  std::atomic<bool> served = false;
  bool in_time = false;
  http::ServeMux mux;
  mux.HandleFunc("/quick", [&](http::ResponseWriter& w, http::Request&) {
    served = true;
    w.Write("quick");
  });
  mux.HandleFunc("/zeros", [&](http::ResponseWriter& w, http::Request&) {
    begun = true;
    const std::string zeros(size_t{1} << 20, '\0');
    w.Header().Set("Content-Type", "text/plain");
    // The compressed output, 128 KiB, fits the buffers of the socket.
    for (int i = 0; i < 128 && !served; ++i) EXPECT_FALSE(w.Write(zeros).err);
    in_time = served;
  });
  httptest::Server server(http::CompressHandler(mux));
  server.Configure(server::WithBackend(GetParam()));
  server.Configure(engine::WithPlacement(engine::Placement::kInline));
  server.Start();
  // Connected before the loop is busy, so that no standby loop takes it.
  WirePeer quick(server.Address);
  ASSERT_TRUE(quick.Send("GET /first HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_EQ(quick.ReadAnswer().status, 404);
  WirePeer slow(server.Address);
  ASSERT_TRUE(slow.Send("GET /zeros HTTP/1.1\r\nHost: t\r\nAccept-Encoding: gzip\r\n\r\n"));
  while (!begun) std::this_thread::sleep_for(1ms);
  ASSERT_TRUE(quick.Send("GET /quick HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_EQ(quick.ReadAnswer().body, "quick");
  EXPECT_EQ(slow.ReadAnswer().Get("Content-Encoding"), "gzip");
  server.Close();
  EXPECT_TRUE(in_time);
}

HON_INSTANTIATE_BACKENDS(CompressHandler);

}  // namespace
}  // namespace hon
