#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "hon/adaptor/body_reader.h"
#include "hon/adaptor/response_options.h"
#include "hon/http/handler.h"
#include "hon/http/request.h"
#include "hon/http/response_writer.h"
#include "hon/http/time.h"
#include "workers/call.h"
#include "workers/loop_executor.h"
#include "workers/worker_pool.h"

namespace hon::engine {

/// A call of a handler on a worker, for an exchange. The ownership rules of workers::Call hold for
/// the exchange's Request, answer and BodyReader. The stream stays on its loop.
class WorkerCall final : private workers::Call,
                         private adaptor::ConnControl,
                         private workers::RemoteStream::Origin {
 public:
  using workers::Call::Outcome;

  /// The exchange that lends its parts to the call. Called on the loop that owns the connection.
  class Owner {
   public:
    /// The answer goes on over `stream`.
    virtual void MoveAnswer(io::Stream& stream, adaptor::ConnControl& control,
                            std::string_view date) = 0;
    /// Whether the connection is gone.
    [[nodiscard]] virtual bool Disconnected() const = 0;
    /// Sends what the stream's Out() holds at the end of the loop's turn.
    virtual void FlushSoon() = 0;

   protected:
    ~Owner() = default;
  };

  /// The objects of an exchange that a worker uses.
  struct Lent {
    Owner& owner;
    adaptor::BodyReader& body;
    io::Stream& stream;
    adaptor::ConnControl& control;  // Hijack and SetRequestDeadline on the loop; the rest anywhere
  };
  /// All that an exchange hands over.
  struct Parts {
    http::Handler& handler;
    http::Route& route;
    http::ResponseWriter& writer;  // writer and request for the handler: those of the exchange,
    http::Request& request;        // or the ones that handlers around it have made of these
    Lent lent;
    std::string_view date;
  };

  WorkerCall(workers::LoopExecutor& home, Duration limit) : Call(home, limit) {}

  /// On the exchange's fiber: has a worker call the handler, and waits for its end. Throws what the
  /// handler threw.
  [[nodiscard]] Outcome Run(workers::WorkerPool& pool, const Parts& parts);
  /// Bytes of the request's body that the connection has not received; negative: unknown. On the
  /// owning loop, also during the call.
  [[nodiscard]] int64_t ConnectionBodyLeft() const { return Remote().BodyLeft(); }

 private:
  // workers::Call
  void Invoke() override { parts_->handler.ServeHTTP(parts_->writer, parts_->request); }
  // adaptor::ConnControl, on the handler's fiber
  Result<std::unique_ptr<io::Conn>> Hijack(std::string_view first) override;
  Error Lend(io::ConnSink& sink, bool keep_alive) override;
  Error SetRequestDeadline(TimePoint deadline) override;
  [[nodiscard]] bool KeepAlive() const override;
  void OnLoop(void (*work)(void*), void* argument) override;
  void LogHandlerError(std::string_view message) override;
  // workers::RemoteStream::Origin, on the owning loop
  [[nodiscard]] io::Stream& Stream() override { return parts_->lent.stream; }
  [[nodiscard]] bool Disconnected() const override { return parts_->lent.owner.Disconnected(); }
  void FlushSoon() override { parts_->lent.owner.FlushSoon(); }
  [[nodiscard]] int64_t BodyLeft() const override { return parts_->lent.body.Remaining(); }

  void TakeOver(const Parts& parts);
  void MoveBack(const Parts& parts);

  const Parts* parts_ = nullptr;
  std::array<char, http::kTimeBytes> date_{};
};

}  // namespace hon::engine
