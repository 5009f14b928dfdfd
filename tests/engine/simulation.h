#pragma once

// A whole server on one thread, without a kernel: its loop, fibers and handlers run over a
// FakeBackend, whose clock is the program's, and a test sends and receives for the clients. Every
// run of one seed is the same.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/base/sanitizer.h"
#include "hon/engine/engine.h"
#include "hon/fiber/fiber.h"
#include "hon/http/serve_mux.h"
#include "hon/io/io.h"
#include "hon/netpoll/loop.h"
#include "support/fake_backend.h"
#include "support/simulated_clock.h"
#include "support/xor_record_layer.h"

namespace hon::tls {
class ClientContext;
}  // namespace hon::tls

namespace hon::engine::simulation {

/// The content of all bodies, which shows the position of each byte.
inline std::string BodyOf(size_t size) {
  std::string body(size, '\0');
  for (size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return body;
}

/// The handlers of the simulated server. Count their calls and ends.
class Handlers {
 public:
  Handlers() {
    Handle("/echo", [](http::ResponseWriter& w, http::Request& r) {
      const Result<std::string> body = r.Body.ReadAll();
      if (body) w.Write(*body);
    });
    Handle("/pieces/{n}", [](http::ResponseWriter& w, http::Request& r) {
      const std::string body = BodyOf(Number(r.PathValue("n")));
      for (size_t at = 0; at < body.size(); at += 1000) {
        if (w.Write(std::string_view(body).substr(at, 1000)).err || w.Flush()) return;
      }
    });
    Handle("/length/{n}", [](http::ResponseWriter& w, http::Request& r) {
      w.Header().Set("Content-Length", std::string(r.PathValue("n")));
      w.Write(BodyOf(Number(r.PathValue("n"))));
    });
    Handle("/sleep/{n}", [](http::ResponseWriter& w, http::Request& r) {
      const auto time = std::chrono::milliseconds(Number(r.PathValue("n")));
      w.Write(fiber::Sleep(time) ? "cut" : "slept");
    });
    Handle("/unread", [](http::ResponseWriter& w, http::Request&) { w.Write("unread"); });
    Handle("/some", [](http::ResponseWriter& w, http::Request& r) {
      char bytes[10];
      const io::IoResult read = r.Body.Read(bytes);
      if (!read.err) w.Write("some");
    });
  }

  http::ServeMux mux;
  size_t begun = 0;
  size_t ended = 0;
  std::vector<appcontext::Context> contexts;  // of all calls

 private:
  static size_t Number(std::string_view text) {
    return static_cast<size_t>(std::atoi(std::string(text).c_str()));
  }
  template <class F>
  void Handle(const char* pattern, F serve) {
    mux.HandleFunc(pattern, [this, serve](http::ResponseWriter& w, http::Request& r) {
      ++begun;
      struct End {
        size_t& count;
        ~End() { ++count; }
      } const end{ended};
      contexts.push_back(r.Context());
      serve(w, r);
    });
  }
};

/// TLS for the connections of a World.
class Secure {
 public:
  virtual ~Secure() = default;
  /// The handler of accepted connections.
  virtual netpoll::EventHandler& Entrance() = 0;
  /// The client's end of a connection. `protocol` is its offer by ALPN.
  virtual std::unique_ptr<io::RecordLayer> NewClientLayer(std::string_view protocol) = 0;
  /// Trusts the server.
  [[nodiscard]] virtual std::shared_ptr<tls::ClientContext> NewClient(
      std::vector<std::string> protocols) = 0;
};
using NewSecure = std::function<std::unique_ptr<Secure>(Engine&, LoopEngine&)>;

/// The server.
class World {
 public:
  explicit World(const NewSecure& new_secure = nullptr)
      : engine_(handlers.mux, WithStallTime(kUnlimited), WithPlacement(kInline),
                WithEventHook([](const Event&) {})) {
    auto fake = std::make_unique<netpoll::FakeBackend>();
    kernel = fake.get();
    clock_ = std::make_unique<test::SimulatedClock>(*kernel);
    loop = netpoll::Loop::CreateOver(std::move(fake), {});
    scheduler = std::make_unique<fiber::Scheduler>(*loop);
    shared.idle_trim = kUnlimited;  // by a thread
    ConnSettings settings;
    settings.protocols.SetUnencryptedHTTP2(true);
    serving = LoopEngine::Create(engine_, *scheduler, settings, shared);
    if (new_secure != nullptr) secure_ = new_secure(engine_, *serving);
  }
  ~World() {
    if (serving != nullptr) End();
    clock_.reset();  // before the kernel
  }
  /// Cuts remaining connections, and ends the server.
  void End() {
    serving->CloseAll(io::ErrClosed);
    for (int i = 0; i < 1000 && !Quiet(); ++i) loop->Turn(std::chrono::milliseconds(1));
    secure_.reset();
    serving.reset();
    scheduler.reset();
  }
  [[nodiscard]] bool Quiet() const { return serving->Connections() == 0 && scheduler->Live() == 0; }
  /// Returns a connected client, or -1 when the server has not accepted the connection.
  int Connect() {
    const int fd = kernel->Open();
    return loop->Adopt(fd, secure_ != nullptr ? secure_->Entrance() : *serving) ? fd : -1;
  }
  /// Null: no TLS.
  [[nodiscard]] Secure* GetSecure() { return secure_.get(); }

  Handlers handlers;
  netpoll::FakeBackend* kernel = nullptr;
  LoopEngine::Shared shared;
  std::unique_ptr<netpoll::Loop> loop;

 private:
  std::unique_ptr<test::SimulatedClock> clock_;
  Engine engine_;

 public:
  std::unique_ptr<fiber::Scheduler> scheduler;
  std::unique_ptr<LoopEngine> serving;

 private:
  std::unique_ptr<Secure> secure_;
};

/// What every simulation ends with: nothing is left of connections, calls, contexts and blocks.
inline void ExpectNothingLeft(World& world) {
  EXPECT_EQ(world.serving->Connections(), 0U);
  EXPECT_EQ(world.scheduler->Live(), 0U);
  EXPECT_EQ(world.kernel->OpenSockets(), 0U);
  EXPECT_EQ(world.handlers.begun, world.handlers.ended);
  for (const appcontext::Context& context : world.handlers.contexts) EXPECT_TRUE(context.Done());
  EXPECT_EQ(world.loop->Blocks().InUse(), 0U);
}

/// A client's end of a connection: plaintext, with TLS where the World has it.
class Wire {
 public:
  Wire(World& world, int fd, std::string_view protocol) : socket_(&world.kernel->At(fd)) {
    if (world.GetSecure() == nullptr) return;
    records_ = std::make_unique<test::RecordPeer>(world.GetSecure()->NewClientLayer(protocol));
    Seal();
  }

  void Write(std::string_view plain) {
    plain_ += plain;
    Seal();
  }
  /// Whether bytes are left that SendPiece has not sent.
  [[nodiscard]] bool Unsent() const { return !plain_.empty() || !out_.empty(); }
  /// Sends at most `size` bytes as one piece.
  void SendPiece(size_t size) {
    if (out_.empty()) return;
    socket_->Sends(std::string_view(out_).substr(0, size));
    out_.erase(0, size);
  }
  /// The plaintext that has arrived since the last call.
  std::string Read() {
    std::string bytes = socket_->Take();
    if (records_ == nullptr || bytes.empty() || failure_) return records_ ? "" : bytes;
    failure_ = records_->Receive(bytes);
    if (!failure_) Seal();
    return records_->TakePlain();
  }
  [[nodiscard]] netpoll::FakeSocket& Socket() const { return *socket_; }
  /// Whether the server has ended the connection or its direction.
  [[nodiscard]] bool Ended() const { return socket_->SawFin() || socket_->Closed(); }
  [[nodiscard]] const Error& Failure() const { return failure_; }

 private:
  void Seal() {
    if (records_ == nullptr) {
      out_ += std::exchange(plain_, {});
      return;
    }
    if (records_->Layer().HandshakeDone()) records_->Seal(std::exchange(plain_, {}));
    out_ += records_->TakeSealed();
  }

  netpoll::FakeSocket* socket_;
  std::unique_ptr<test::RecordPeer> records_;
  std::string plain_;  // until the handshake is done
  std::string out_;
  Error failure_;
};

/// The choices of one run.
class Seeded {
 public:
  explicit Seeded(uint32_t seed) : random_(seed) {}
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % std::max(bound, 1U)); }
  bool OneIn(uint32_t times) { return Below(times) == 0; }

 private:
  std::mt19937 random_;
};

/// One answer, as a client has read it.
struct Answer {
  int status = 0;
  std::string body;
};

/// Takes the next whole answer from the front of `wire`; returns false without one. A body without
/// framing is whole when the connection has `ended`.
inline bool TakeAnswer(std::string& wire, bool ended, Answer* answer) {
  const size_t head_end = wire.find("\r\n\r\n");
  if (head_end == std::string::npos) return false;
  const std::string head = wire.substr(0, head_end + 2);
  size_t at = head_end + 4;
  answer->status = std::atoi(head.c_str() + std::string_view("HTTP/1.1 ").size());
  answer->body.clear();
  if (const size_t length = head.find("\r\nContent-Length: "); length != std::string::npos) {
    const auto size = static_cast<size_t>(std::atoi(head.c_str() + length + 18));
    if (wire.size() - at < size) return false;
    answer->body = wire.substr(at, size);
    wire.erase(0, at + size);
    return true;
  }
  if (head.find("\r\nTransfer-Encoding: chunked") != std::string::npos) {
    for (;;) {
      const size_t line = wire.find("\r\n", at);
      if (line == std::string::npos) return false;
      const auto size = static_cast<size_t>(std::strtoul(wire.c_str() + at, nullptr, 16));
      if (wire.size() < line + 2 + size + 2) return false;
      answer->body += wire.substr(line + 2, size);
      at = line + 2 + size + 2;
      if (size != 0) continue;
      wire.erase(0, at);
      return true;
    }
  }
  if (!ended) return false;
  answer->body = wire.substr(at);
  wire.clear();
  return true;
}

inline uint32_t NumberFrom(const char* name, uint32_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<uint32_t>(std::atoi(text));
}

/// Runs seeds 1 to `seeds`, up to the first that fails. HON_SEED=N runs N alone, HON_SEEDS=N runs
/// 1 to N, and HON_FIRST_SEED=M begins with M.
template <class Run>
void RunSeeds(uint32_t seeds, const Run& run) {
  const uint32_t only = NumberFrom("HON_SEED", 0);
  const uint32_t first = only != 0 ? only : NumberFrom("HON_FIRST_SEED", 1);
  const uint32_t last = only != 0 ? only : NumberFrom("HON_SEEDS", seeds);
  for (uint32_t seed = first; seed <= last && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("HON_SEED=" + std::to_string(seed));
    run(seed);
  }
}

/// The seeds of a test run; fewer where a sanitizer makes each ten times slower.
#if defined(HON_ASAN) || defined(HON_TSAN)
inline constexpr uint32_t kSeeds = 200;
#else
inline constexpr uint32_t kSeeds = 1000;
#endif

/// Two runs of one seed are the same. A `Simulation` is made with a seed and `with`.
template <class Simulation, class... With>
void ExpectReproducible(const With&... with) {
  for (const uint32_t seed : {3U, 17U, 42U}) {
    std::string transcripts[2];
    for (std::string& transcript : transcripts) {
      Simulation run(seed, with...);
      run.Run();
      transcript = run.Transcript();
    }
    EXPECT_NE(transcripts[0], "");
    EXPECT_EQ(transcripts[0], transcripts[1]) << seed;
  }
}

}  // namespace hon::engine::simulation
