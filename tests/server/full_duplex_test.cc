// A handler, on its loop or on a worker, reads the body on a second fiber, while its own fiber
// writes the answer.

#include <string>

#include "hon/fiber/fiber.h"
#include "hon/fiber/wait_group.h"
#include "support/test_server.h"

namespace hon {
namespace {

using test::Answer;
using test::WirePeer;
using namespace std::chrono_literals;

// Far more than the buffers of two sockets hold.
constexpr size_t kDuplexBytes = size_t{24} << 20;

class FullDuplex : public test::ModeTest {
 protected:
  FullDuplex() {
    // Answers with kDuplexBytes bytes while the body is read; what was read is in a trailer.
    mux_.HandleFunc("/both", [](http::ResponseWriter& w, http::Request& r) {
      fiber::WaitGroup reader;
      size_t read = 0;
      Error end;
      reader.Add(1);
      fiber::Go([&] {
        std::string part(10'000, '\0');
        for (;;) {
          io::IoResult got = r.Body.Read(part);
          read += got.n;
          if (!got.err) continue;
          end = got.err;
          break;
        }
        reader.Done();
      });
      w.Header().Set("Trailer", "X-Read");
      const std::string part(100'000, 'x');
      for (size_t sent = 0; sent < kDuplexBytes; sent += part.size()) {
        if (w.Write(part).err) break;
      }
      reader.Wait();
      w.Header().Set("X-Read", std::to_string(read) + " " + end.Message());
    });
    // Gives up reading when the context of the reading fiber ends, and answers.
    mux_.HandleFunc("/gives-up", [](http::ResponseWriter& w, http::Request& r) {
      const appcontext::Cancelable stop = appcontext::WithCancel(appcontext::Background());
      fiber::WaitGroup reader;
      Error end;
      reader.Add(1);
      fiber::Go([&] {
        fiber::SetContext(&stop.context);
        char byte;
        end = r.Body.Read(std::span(&byte, 1)).err;
        fiber::SetContext(nullptr);
        reader.Done();
      });
      static_cast<void>(fiber::Sleep(20ms));  // the reader waits for input now
      stop.cancel(Error::New("enough"));
      reader.Wait();
      w.Write(end.Message());
    });
  }

  http::ServeMux mux_;
  engine::Engine engine_{mux_, engine::WithPlacement(GetParam().placement)};
};

TEST_P(FullDuplex, OneFiberReadsTheBodyWhileAnotherWrites) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send("POST /both HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"));
  // The answer's writer waits for this peer, and the reader for the body.
  std::thread sender([&peer] {
    const std::string data(50'000, 'd');
    for (int i = 0; i < 20; ++i) {
      if (!peer.Send("c350\r\n" + data + "\r\n")) return;  // 50,000
      std::this_thread::sleep_for(2ms);
    }
    peer.Send("0\r\n\r\n");
  });
  sender.join();
  const Answer answer = peer.ReadAnswer();
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.status, 200);
  EXPECT_GE(answer.body.size(), kDuplexBytes);
  EXPECT_EQ(answer.trailers.at("X-Read"), "1000000 EOF");
}

TEST_P(FullDuplex, AReadingFiberEndsWithItsOwnContext) {
  test::TestServer server(engine_, GetParam());
  WirePeer peer(server.Address());
  ASSERT_TRUE(peer.Send("POST /gives-up HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_EQ(peer.ReadAnswer().body, "enough");
}

HON_INSTANTIATE_MODES(FullDuplex);

}  // namespace
}  // namespace hon
