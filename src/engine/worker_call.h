#pragma once

#include <array>
#include <exception>
#include <memory>
#include <string_view>

#include "engine/exchange_stream.h"
#include "hon/adaptor/response.h"
#include "hon/http/request.h"
#include "hon/http/time.h"
#include "workers/burst_timer.h"
#include "workers/job.h"
#include "workers/remote_stream.h"
#include "workers/worker_pool.h"

namespace hon::engine {

/// One call of a handler on a worker thread, pooled by the loop that owns the connection.
///
/// Who owns what when. The exchange's Request, Response and BodyReader, and the RemoteStream here,
/// belong to one fiber at a time and are handed over whole, by posting a task to the other's loop
/// (which orders the memory):
///   - until Run submits the call, and after its handler has ended: the exchange's fiber;
///   - in between: the handler's fiber on the worker;
///   - during a SyncCall (from RemoteStream, Hijack, SetRequestDeadline): the fiber of that call on
///     the owning loop, while the handler's fiber waits for it.
/// The one exception is output that a suspended handler lends (RemoteStream::LendOutput), under a
/// mutex. The connection and the ExchangeStream never leave their loop. The context, the draining
/// flag and the event hook may be used from any thread.
class WorkerCall final : public workers::Job,
                         private adaptor::ConnControl,
                         private workers::RemoteStream::Origin,
                         private netpoll::Task {
 public:
  /// What of an exchange goes to the worker.
  struct Parts {
    http::Handler& handler;
    http::Route& route;
    http::ResponseWriter& writer;  // these two: what the handler is given, of the exchange or what
    http::Request& request;        // handlers around it have made of that
    adaptor::Response& response;
    adaptor::BodyReader& body;
    ExchangeStream& stream;
    adaptor::ConnControl& control;  // Hijack, SetRequestDeadline on the loop; the rest anywhere
    std::string_view date;
  };

  WorkerCall(workers::LoopExecutor& home, Duration limit) : home_(&home), limit_(limit) {}

  enum class Outcome : uint8_t {
    kCalled,     // the handler has returned
    kNoWorker,   // no worker could be had; nothing has been done
    kCancelled,  // the request's context ended before a worker was free; nothing has been done
  };
  /// On the exchange's fiber: has a worker call the handler, and waits for its end. Throws what the
  /// handler threw.
  [[nodiscard]] Outcome Run(workers::WorkerPool& pool, const Parts& parts);
  /// What the connection still owes to the request's body. On the owning loop.
  [[nodiscard]] int64_t ConnectionBodyLeft() const { return stream_.BodyLeft(); }

  void Execute() override;
  void Refuse() override { Answer(Outcome::kNoWorker); }
  void Cancel() override { Answer(Outcome::kCancelled); }
  [[nodiscard]] bool Ended() const override { return parts_->request.Context().Done(); }

 private:
  // adaptor::ConnControl, on the handler's fiber.
  Result<std::unique_ptr<io::Conn>> Hijack() override;
  Error SetRequestDeadline(TimePoint deadline) override;
  [[nodiscard]] bool KeepAlive() const override;
  void LogHandlerError(std::string_view message) override;
  // workers::RemoteStream::Origin, on the owning loop.
  [[nodiscard]] io::Stream& Stream() override { return parts_->stream; }
  [[nodiscard]] bool Disconnected() const override { return parts_->stream.Disconnected(); }
  void FlushSoon() override { parts_->stream.OnSuspend(); }
  [[nodiscard]] int64_t BodyLeft() const override { return parts_->body.Remaining(); }
  // netpoll::Task: the handler has ended.
  void Run() override;

  void Answer(Outcome outcome);
  void TakeOver(const Parts& parts);
  void HandBack(const Parts& parts);

  workers::LoopExecutor* home_;
  Duration limit_;
  workers::RemoteStream stream_;
  const Parts* parts_ = nullptr;
  fiber::Fiber* caller_ = nullptr;
  std::exception_ptr failure_;
  workers::BurstTimer burst_;
  bool done_ = false;
  Outcome outcome_ = Outcome::kCalled;
  std::array<char, http::kTimeBytes> date_{};
};

}  // namespace hon::engine
