#pragma once

#include <array>
#include <exception>
#include <memory>
#include <string_view>

#include "engine/remote_stream.h"
#include "engine/stretch.h"
#include "engine/worker_job.h"
#include "hon/adaptor/response.h"
#include "hon/http/request.h"
#include "hon/http/time.h"

namespace hon::engine {

class WorkerPool;

/// One call of a handler on a worker thread, pooled by the loop that owns the connection.
///
/// Who owns what when. The exchange's Request, Response and BodyReader, and the RemoteStream here,
/// belong to one fiber at a time and are handed over whole, by posting a task to the other's loop
/// (which orders the memory):
///   - until Run submits the call, and after its handler has ended: the exchange's fiber;
///   - in between: the handler's fiber on the worker;
///   - during an Errand (a call of RemoteStream, Hijack, SetRequestDeadline): the errand's fiber on
///     the owning loop, while the handler's fiber waits for it.
/// The one exception is output that a suspended handler lends (RemoteStream::LendOutput), under a
/// mutex. The connection and the ExchangeStream never leave their loop. The context, the draining
/// flag and the event hook may be used from any thread.
class WorkerCall final : public WorkerJob, private adaptor::ConnControl, private netpoll::Task {
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

  WorkerCall(LoopPort& home, Duration limit) : home_(&home), limit_(limit) {}

  /// On the exchange's fiber: has a worker call the handler, and waits for its end. Throws what the
  /// handler threw. False when there is no worker to be had: nothing has been done then.
  bool Run(WorkerPool& pool, const Parts& parts);
  /// What the connection still owes to the request's body. On the owning loop.
  [[nodiscard]] int64_t BodyLeft() const { return stream_.BodyLeft(); }

  void Execute() override;
  void Refuse() override;

 private:
  // adaptor::ConnControl, on the handler's fiber.
  Result<std::unique_ptr<io::Conn>> Hijack() override;
  Error SetRequestDeadline(TimePoint deadline) override;
  [[nodiscard]] bool KeepAlive() const override;
  void LogHandlerError(std::string_view message) override;
  // netpoll::Task: the handler has ended.
  void Run() override;

  void TakeOver(const Parts& parts);
  void HandBack(const Parts& parts);

  LoopPort* home_;
  Duration limit_;
  RemoteStream stream_;
  const Parts* parts_ = nullptr;
  fiber::Fiber* caller_ = nullptr;
  std::exception_ptr failure_;
  Stretch stretch_;
  bool done_ = false;
  bool refused_ = false;
  std::array<char, http::kTimeBytes> date_{};
};

}  // namespace hon::engine
