// Serves gRPC over h2c by plain handlers, without a gRPC library (the protocol: gRPC over HTTP/2 of
// the gRPC project): messages with a prefix of five bytes, and the status in the trailers. Prints
// its address, and ends with its standard input.

#include <array>
#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>

#include "hon/appcontext/context.h"
#include "hon/engine/engine.h"
#include "hon/fiber/fiber.h"
#include "hon/http/serve_mux.h"
#include "hon/io/io.h"
#include "hon/server/server.h"

namespace hon::testing {
namespace {

constexpr size_t kMessageBytesMax = 16 * 1024 * 1024;

// Reads one message. Returns false at the end of the request, or where it is broken.
bool ReadMessage(http::Request& r, std::string& message) {
  std::array<char, 5> prefix;
  if (io::ReadFull(r.Body, prefix).err) return false;
  size_t size = 0;
  for (size_t i = 1; i < prefix.size(); ++i) {
    size = size << 8 | static_cast<unsigned char>(prefix[i]);
  }
  if (prefix[0] != 0 || size > kMessageBytesMax) return false;
  message.resize(size);
  return size == 0 || !io::ReadFull(r.Body, message).err;
}

void WriteMessage(http::ResponseWriter& w, std::string_view message) {
  const auto size = static_cast<uint32_t>(message.size());
  const std::array<char, 5> prefix = {0, static_cast<char>(size >> 24),
                                      static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                                      static_cast<char>(size)};
  w.Write({prefix.data(), prefix.size()});
  w.Write(message);
}

void Begin(http::ResponseWriter& w) { w.Header().Set("Content-Type", "application/grpc"); }

void End(http::ResponseWriter& w, std::string_view status) {
  w.Header().Set(std::string(http::TrailerPrefix) + "Grpc-Status", status);
}

void Unary(http::ResponseWriter& w, http::Request& r) {
  std::string message;
  Begin(w);
  if (!ReadMessage(r, message)) return End(w, "3");  // INVALID_ARGUMENT
  w.Header().Set("X-Metadata", r.Header.Get("X-Metadata"));
  WriteMessage(w, message);
  End(w, "0");
}

// Server streaming: as many messages as the request says.
void Count(http::ResponseWriter& w, http::Request& r) {
  std::string message;
  Begin(w);
  int count = 0;
  if (!ReadMessage(r, message)) return End(w, "3");
  std::from_chars(message.data(), message.data() + message.size(), count);
  for (int i = 0; i < count; ++i) {
    WriteMessage(w, "message " + std::to_string(i));
    if (w.Flush()) return;
  }
  w.Header().Set(std::string(http::TrailerPrefix) + "X-Count", std::to_string(count));
  End(w, "0");
}

// Client streaming: the bytes of all messages.
void Sum(http::ResponseWriter& w, http::Request& r) {
  std::string message;
  size_t bytes = 0;
  while (ReadMessage(r, message)) bytes += message.size();
  Begin(w);
  WriteMessage(w, std::to_string(bytes));
  End(w, "0");
}

// Both directions at once: each message as it comes.
void Chat(http::ResponseWriter& w, http::Request& r) {
  std::string message;
  Begin(w);
  if (w.Flush()) return;
  while (ReadMessage(r, message)) {
    WriteMessage(w, message);
    if (w.Flush()) return;
  }
  End(w, "0");
}

// "Trailers-Only": the status is in the head, which ends the stream.
void Fail(http::ResponseWriter& w, http::Request&) {
  Begin(w);
  w.Header().Set("Grpc-Status", "5");  // NOT_FOUND
  w.Header().Set("Grpc-Message", "nothing here");
}

// An answer that comes when the client has cancelled, which `cancelled` counts.
int cancelled = 0;
void Wait(http::ResponseWriter&, http::Request& r) {
  static_cast<void>(fiber::Wait(r.Context()));
  ++cancelled;
}
void Cancelled(http::ResponseWriter& w, http::Request&) {
  Begin(w);
  WriteMessage(w, std::to_string(cancelled));
  End(w, "0");
}

int Run() {
  http::ServeMux mux;
  mux.HandleFunc("POST /test.Echo/Unary", Unary);
  mux.HandleFunc("POST /test.Echo/Count", Count);
  mux.HandleFunc("POST /test.Echo/Sum", Sum);
  mux.HandleFunc("POST /test.Echo/Chat", Chat);
  mux.HandleFunc("POST /test.Echo/Fail", Fail);
  mux.HandleFunc("POST /test.Echo/Wait", Wait);
  mux.HandleFunc("POST /test.Echo/Cancelled", Cancelled);
  http::Protocols protocols;
  protocols.SetUnencryptedHTTP2(true);
  engine::Engine engine(mux, engine::WithPlacement(engine::kInline));
  server::Server server(engine, server::WithProtocols(protocols), server::WithLoops(1));
  if (const Error err = server.Listen("127.0.0.1:0")) {
    std::fprintf(stderr, "%s\n", err.Message().c_str());
    return 1;
  }
  std::printf("%s\n", server.Addresses().front().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  return server.Close() ? 1 : 0;
}

}  // namespace
}  // namespace hon::testing

int main() { return hon::testing::Run(); }
