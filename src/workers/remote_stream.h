#pragma once

#include <cstdint>
#include <mutex>

#include "hon/io/link_buffer.h"
#include "hon/io/stream.h"
#include "hon/netpoll/loop.h"
#include "workers/loop_executor.h"

namespace hon::workers {

/// The stream of an exchange for a handler on another thread. A RemoteStream has its own buffers
/// over its own blocks. The loop that owns the connection copies bytes between these buffers and
/// the connection's, and does all waiting, deadlines and limits.
class RemoteStream final : public io::Stream {
 public:
  /// The exchange that a RemoteStream stands for. Called on the loop that owns the connection.
  class Origin {
   public:
    [[nodiscard]] virtual io::Stream& Stream() = 0;
    /// The connection is gone: output is dropped.
    [[nodiscard]] virtual bool Disconnected() const = 0;
    /// Sends what Stream().Out() holds at the end of the loop's turn.
    virtual void FlushSoon() = 0;
    /// Bytes of the request's body that the stream has not delivered; negative: unknown, until the
    /// end of a chunked body is parsed.
    [[nodiscard]] virtual int64_t BodyLeft() const = 0;

   protected:
    ~Origin() = default;
  };

  RemoteStream();

  // On the owning loop, while it owns the call (see WorkerCall).

  /// Begins a call, and takes over what has been received of the body.
  void Attach(LoopExecutor& home, Origin& origin);
  /// Takes over received bytes of the body.
  void PullInput();
  /// Hands over what was written.
  void PushOutput();
  /// PushOutput, and gives back what was not read of the input.
  void GiveBack();
  /// What the connection still owes to the body, as BodyReader::Remaining. Of the owning loop,
  /// also while a worker owns the rest.
  [[nodiscard]] int64_t BodyLeft() const { return body_left_; }

  // On the handler's fiber.

  Error FillInput() override;
  Error DrainOutput(size_t bytes_max) override;
  io::CopyResult SendFile(io::File& file, int64_t offset, int64_t count) override;
  void SetReadDeadline(TimePoint deadline) override;
  void SetWriteDeadline(TimePoint deadline) override;
  /// Around a suspension that is not one of the calls above: what was written leaves meanwhile.
  void LendOutput();
  void TakeOutputBack();
  /// Has the loop do `work` while the fiber waits and owns nothing.
  template <class F>
  void OnLoop(F&& work) {
    struct Away {
      explicit Away(int& count) : away(count) { ++away; }
      ~Away() { --away; }
      int& away;
    };
    const Away away(away_);
    RunOn(*home_, work);
  }

 private:
  /// Asks the loop to send what was lent to it.
  class Collector final : public netpoll::Task {
   public:
    explicit Collector(RemoteStream& owner) : owner_(&owner) {}
    void Run() override { owner_->CollectOutput(); }

   private:
    RemoteStream* owner_;
  };

  void CollectOutput();
  void NoteBodyLeft();

  // One each: while output is lent, the handler's side may still read input.
  io::BlockPool in_pool_;
  io::BlockPool out_pool_;
  io::LinkBuffer in_{in_pool_};
  io::LinkBuffer out_{out_pool_};
  LoopExecutor* home_ = nullptr;
  Origin* origin_ = nullptr;
  int64_t body_left_ = 0;
  int away_ = 0;        // calls in which the loop owns everything
  bool lends_ = false;  // the fiber's own note that it has called LendOutput

  std::mutex mutex_;  // of out_ while it is lent, and of what follows
  bool lent_ = false;
  bool collecting_ = false;  // the collector is on its way
  Collector collector_{*this};
};

}  // namespace hon::workers
