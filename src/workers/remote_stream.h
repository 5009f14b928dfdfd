#pragma once

#include <cstdint>
#include <mutex>
#include <string>

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

  // On the owning loop, while that loop owns the stream.

  /// Begins a call: takes over what the connection has received of the body.
  void Attach(LoopExecutor& home, Origin& origin);
  /// Moves received bytes of the body from the connection to this stream.
  void PullInput();
  /// Moves written bytes from this stream to the connection.
  void PushOutput();
  /// Ends a call: PushOutput, and unread input goes back to the connection.
  void GiveBack();
  /// Ends a call without memory: both directions are emptied.
  void Drop();
  /// Bytes of the body that the connection has not received; negative: unknown. On the owning loop,
  /// also while a worker owns the stream.
  [[nodiscard]] int64_t BodyLeft() const { return body_left_; }

  // On the handler's fiber, while the worker owns the stream.

  Error FillInput() override;
  Error DrainOutput(size_t bytes_max) override;
  io::CopyResult SendFile(io::File& file, int64_t offset, int64_t count) override;
  void SetReadDeadline(TimePoint deadline) override;
  void SetWriteDeadline(TimePoint deadline) override;
  /// Before and after any other suspension of the fiber: the loop sends meanwhile what was written.
  void LendOutput();
  void TakeOutputBack();
  /// Calls `work` on the owning loop, which owns the stream meanwhile.
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
  /// Posted to the owning loop: sends the output that the handler's fiber has lent.
  class Collector final : public netpoll::Task {
   public:
    explicit Collector(RemoteStream& owner) : owner_(&owner) {}
    void Run() override { owner_->CollectOutput(); }

   private:
    RemoteStream* owner_;
  };

  void CollectOutput();
  [[nodiscard]] std::string TakeOutput();
  void NoteBodyLeft();

  // One pool for each direction: while output is lent, the handler's fiber may still read input.
  io::BlockPool in_pool_;
  io::BlockPool out_pool_;
  io::LinkBuffer in_{in_pool_};
  io::LinkBuffer out_{out_pool_};
  LoopExecutor* home_ = nullptr;
  Origin* origin_ = nullptr;
  int64_t body_left_ = 0;
  int away_ = 0;        // calls of OnLoop that are under way
  bool lends_ = false;  // between LendOutput and TakeOutputBack; of the fiber

  std::mutex mutex_;  // guards out_ while output is lent, and the members below
  bool lent_ = false;
  bool collecting_ = false;  // the collector has been posted and has not run
  Collector collector_{*this};
};

}  // namespace hon::workers
