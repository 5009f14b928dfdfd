// A handler that keeps a view past its return is detected by the AddressSanitizer build.

#include <gtest/gtest.h>

#include "support/test_server.h"

namespace hon {
namespace {

std::string_view kept;
http::Request* kept_request = nullptr;

void Ask(http::ServeMux& mux, const char* path) {
  engine::Engine engine(mux, test::SuitePlacement());
  test::TestServer server(engine, netpoll::BackendKind::kEpoll);
  test::WirePeer peer(server.Address());
  peer.Send("GET " + std::string(path) +
            " HTTP/1.1\r\nHost: a-host-name-of-some-length\r\n"
            "X-Field: a value that is longer than a granule of shadow memory\r\n\r\n");
  ASSERT_EQ(peer.ReadAnswer().status, 200);
  ASSERT_TRUE(peer.Send("GET /late HTTP/1.1\r\nHost: b\r\n\r\n"));
  peer.ReadAnswer();
}

size_t Sum(std::string_view text) {
  size_t sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  return sum;
}

TEST(LifetimeDeathTest, AViewOfAFieldDiesWithItsHandler) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  http::ServeMux mux;
  mux.HandleFunc("/keep", [](http::ResponseWriter& w, http::Request& r) {
    kept = r.Header.Get("X-Field");
    w.Write("kept");
  });
  mux.HandleFunc(
      "/late", [](http::ResponseWriter& w, http::Request&) { w.Write(std::to_string(Sum(kept))); });
  EXPECT_DEATH(Ask(mux, "/keep"), "use-after-poison");
}

TEST(LifetimeDeathTest, APathValueDiesWithItsHandler) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  http::ServeMux mux;
  mux.HandleFunc("/keep/{what}", [](http::ResponseWriter& w, http::Request& r) {
    kept = r.PathValue("what");
    w.Write("kept");
  });
  mux.HandleFunc(
      "/late", [](http::ResponseWriter& w, http::Request&) { w.Write(std::to_string(Sum(kept))); });
  EXPECT_DEATH(Ask(mux, "/keep/an%20escaped%20segment%20of%20some%20length"), "use-after-poison");
}

TEST(LifetimeDeathTest, TheRequestItselfDiesWithItsHandler) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  http::ServeMux mux;
  mux.HandleFunc("/keep", [](http::ResponseWriter& w, http::Request& r) {
    kept_request = &r;
    w.Write("kept");
    std::thread([] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      static_cast<void>(Sum(kept_request->Method));
    }).detach();
  });
  mux.HandleFunc("/late", [](http::ResponseWriter&, http::Request&) {
    std::this_thread::sleep_for(std::chrono::seconds(2));
  });
  EXPECT_DEATH(
      {
        engine::Engine engine(mux, test::SuitePlacement());
        test::TestServer server(engine, netpoll::BackendKind::kEpoll);
        test::WirePeer peer(server.Address());
        peer.Send("GET /keep HTTP/1.1\r\nHost: t\r\n\r\n");
        peer.ReadAnswer();
        std::this_thread::sleep_for(std::chrono::seconds(2));
      },
      "use-after-poison");
}

}  // namespace
}  // namespace hon
