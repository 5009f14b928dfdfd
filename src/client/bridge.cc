#include "client/bridge.h"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <utility>

#include "client/round_trip.h"
#include "hon/base/assert.h"
#include "hon/base/thread.h"
#include "hon/fiber/fiber.h"
#include "hon/http/client_error.h"
#include "hon/http/replay.h"

namespace hon::client {

class OwnLoop {
 public:
  static Result<std::shared_ptr<OwnLoop>> Start() {
    auto self = std::make_shared<OwnLoop>();
    std::promise<Error> started;
    std::future<Error> outcome = started.get_future();
    HON_TRY(self->thread_, Thread::Start({.name = "hon-client"},
                                         [&started, raw = self.get()] { raw->Main(started); }));
    if (Error err = outcome.get()) return Fail(std::move(err));
    return self;
  }

  OwnLoop() = default;
  OwnLoop(const OwnLoop&) = delete;
  OwnLoop& operator=(const OwnLoop&) = delete;
  ~OwnLoop() {
    if (!thread_.Joinable()) return;
    if (loop_ != nullptr) loop_->Stop();
    thread_.Join();
  }

  /// Runs `function` on a fiber of the loop. The caller keeps this object until the function ends.
  void Go(std::function<void()> function) {
    fiber::Go(std::move(function), {.scheduler = scheduler_.get()});
  }

 private:
  void Main(std::promise<Error>& started) {
    Result<std::unique_ptr<netpoll::Loop>> loop = netpoll::Loop::Create({});
    if (!loop) return started.set_value(std::move(loop.error()));
    loop_ = std::move(*loop);
    scheduler_ = std::make_unique<fiber::Scheduler>(*loop_);
    started.set_value({});
    loop_->Run();
    // Answers keep this object, so no fiber of an answer is left; connections may still be closing.
    while (scheduler_->Live() != 0) loop_->Turn(std::chrono::milliseconds(10));
    scheduler_.reset();
  }

  std::unique_ptr<netpoll::Loop> loop_;
  std::unique_ptr<fiber::Scheduler> scheduler_;
  Thread thread_;
};

namespace {

/// Passes the bytes of a body from a waiting thread to its loop.
class Meeting {
 public:
  // On the loop.

  /// Reads the caller's body. Suspends the fiber until the calling thread has read.
  io::IoResult Read(std::span<char> into) {
    Parker parker;
    std::unique_lock lock(mutex_);
    if (closed_) return {0, http::ErrBodyReadAfterClose};
    HON_ASSERT(!wanted_);
    wanted_ = into;
    got_.reset();
    parker_ = &parker;
    changed_.notify_one();
    while (!got_ && !closed_) {
      lock.unlock();
      parker.Park(fiber::CurrentContext(), kNever);
      lock.lock();
      if (fiber::CurrentContext().Done()) break;
    }
    // The thread may be inside of the read: the span must stay until the read has returned.
    while (reading_) {
      lock.unlock();
      parker.Park({}, kNever);
      lock.lock();
    }
    parker_ = nullptr;
    wanted_.reset();
    if (got_) return *got_;
    return {0, http::ErrBodyReadAfterClose};
  }

  void Done() {
    const std::lock_guard lock(mutex_);
    done_ = true;
    changed_.notify_one();
  }

  // Called on the caller's thread.

  /// Runs `call` on the loop and waits for its end. Reads `body` meanwhile, when the loop asks for
  /// it.
  void Call(OwnLoop& loop, std::function<void()> call, http::Body* body) {
    done_ = false;
    loop.Go([this, call = std::move(call)] {
      call();
      Done();
    });
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this, body] { return done_ || (body != nullptr && MayRead()); });
      if (done_) return;
      const std::span<char> into = *wanted_;
      reading_ = true;
      lock.unlock();
      io::IoResult got = body->Read(into);
      lock.lock();
      reading_ = false;
      got_ = std::move(got);
      if (parker_ != nullptr) parker_->Wake();
    }
  }

  /// The body is not read any more.
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    if (parker_ != nullptr) parker_->Wake();
  }

 private:
  [[nodiscard]] bool MayRead() const { return wanted_ && !got_ && !reading_ && !closed_; }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  bool closed_ = false;
  bool reading_ = false;
  std::optional<std::span<char>> wanted_;
  std::optional<io::IoResult> got_;
  Parker* parker_ = nullptr;
};

/// The request's body on the loop's side.
class MetBody final : public http::BodySource {
 public:
  explicit MetBody(std::shared_ptr<Meeting> meeting) : meeting_(std::move(meeting)) {}
  io::IoResult Read(std::span<char> into) override { return meeting_->Read(into); }
  Error Close() override { return {}; }

 private:
  std::shared_ptr<Meeting> meeting_;
};

/// An answer that lives on the loop, and the source of its Body for the calling thread.
class BridgedAnswer final : public http::BodySource, public http::ResponseOwner {
 public:
  BridgedAnswer(std::shared_ptr<OwnLoop> loop, std::shared_ptr<Meeting> meeting, http::Body body)
      : loop_(std::move(loop)), meeting_(std::move(meeting)), request_body_(std::move(body)) {}
  ~BridgedAnswer() override { End(); }

  Error Begin(const std::shared_ptr<Core>& core, const http::Request& r, bool in_memory) {
    Error err;
    const auto call = [&] {
      http::Body body = in_memory ? request_body_ : http::Body(std::make_shared<MetBody>(meeting_));
      if (request_body_.IsNoBody()) body = http::Body();
      Result<http::Response> answer = RoundTripHere(core, r, std::move(body));
      if (answer) {
        answer_.emplace(std::move(*answer));
      } else {
        err = std::move(answer.error());
      }
    };
    meeting_->Call(*loop_, call, in_memory ? nullptr : &request_body_);
    return err;
  }

  void Show(http::Response& into, const std::shared_ptr<BridgedAnswer>& self) {
    const http::Response& from = *answer_;
    texts_ = std::string(from.Status) + std::string(from.Proto);
    into.Status = std::string_view(texts_).substr(0, from.Status.size());
    into.Proto = std::string_view(texts_).substr(from.Status.size());
    into.StatusCode = from.StatusCode;
    into.ProtoMajor = from.ProtoMajor;
    into.ProtoMinor = from.ProtoMinor;
    into.Header = from.Header.Clone();
    into.Trailer = from.Trailer.Clone();
    into.ContentLength = from.ContentLength;
    into.Chunked = from.Chunked;
    into.Close = from.Close;
    into.Uncompressed = from.Uncompressed;
    into.TLS = from.TLS;
    into.SetOwner(self);
    if (!from.Body.IsNoBody()) into.Body = http::Body(self);
  }

  io::IoResult Read(std::span<char> into) override {
    if (closed_) return {0, http::ErrBodyReadAfterClose};
    io::IoResult got;
    meeting_->Call(
        *loop_, [&] { got = answer_->Body.Read(into); }, &request_body_);
    if (got.err.Is(io::ErrEof) && response_ != nullptr) {
      response_->Trailer = answer_->Trailer.Clone();
    }
    return got;
  }

  Error Close() override {
    if (std::exchange(closed_, true)) return {};
    meeting_->Close();
    if (!answer_) return {};
    Error err;
    meeting_->Call(
        *loop_, [&] { err = answer_->Body.Close(); }, nullptr);
    return err;
  }

  void OnMoved(http::Response& now) override { response_ = &now; }
  void OnGone(http::Response&) override { response_ = nullptr; }

 private:
  void End() {
    meeting_->Close();
    if (answer_)
      meeting_->Call(
          *loop_, [this] { answer_.reset(); }, nullptr);
  }

  std::shared_ptr<OwnLoop> loop_;
  std::shared_ptr<Meeting> meeting_;
  http::Body request_body_;
  std::optional<http::Response> answer_;  // made, read and destroyed on the loop
  std::string texts_;
  http::Response* response_ = nullptr;
  bool closed_ = false;
};

}  // namespace

Bridge::Bridge(std::shared_ptr<Core> core) : core_(std::move(core)) {}
Bridge::~Bridge() = default;

Result<http::Response> Bridge::RoundTrip(const http::Request& r) {
  std::shared_ptr<OwnLoop> loop;
  {
    const std::lock_guard lock(mutex_);
    if (loop_ == nullptr) {
      HON_TRY(loop_, OwnLoop::Start());
    }
    loop = loop_;
  }
  const auto* source = dynamic_cast<const http::ReplayableSource*>(r.Body.Source());
  const bool in_memory = r.Body.IsNoBody() || (source != nullptr && !source->Memory().empty());
  const auto bridged =
      std::make_shared<BridgedAnswer>(std::move(loop), std::make_shared<Meeting>(), r.Body);
  if (Error err = bridged->Begin(core_, r, in_memory)) return Fail(std::move(err));
  http::Response answer;
  bridged->Show(answer, bridged);
  return answer;
}

}  // namespace hon::client
