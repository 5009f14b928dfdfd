#include "engine/hijacked_conn.h"

#include <span>
#include <string>
#include <string_view>

namespace hon::engine {
namespace {

/// Stands between an evented connection and its sink, and is both to the other.
class EventedConn final : public io::EventConn, public io::ConnSink, private HijackedConns::Member {
 public:
  EventedConn(HijackedConns& list, io::ConnSink& sink, std::shared_ptr<void> slot)
      : Member(list, std::move(slot)), sink_(&sink) {}

  // io::ConnSink
  void OnOpen(std::unique_ptr<io::EventConn> connection) override {
    connection_ = std::move(connection);
    // From the loop: the sink need not expect to be told from inside another call.
    if (List() != nullptr && List()->ShuttingDown()) TellShutdown();
    sink_->OnOpen(std::unique_ptr<io::EventConn>(this));
  }
  void OnInput() override { sink_->OnInput(); }
  void OnDrained() override { sink_->OnDrained(); }
  void OnDeadline(io::ConnDeadline which) override { sink_->OnDeadline(which); }
  void OnClosed(const Error& why) override {
    closed_ = true;
    Leave();
    sink_->OnClosed(why);  // destroys this
  }

  // io::EventConn
  [[nodiscard]] io::LinkBuffer& In() override { return connection_->In(); }
  void ConsumedInput() override { connection_->ConsumedInput(); }
  [[nodiscard]] bool InputEnded() const override { return connection_->InputEnded(); }
  [[nodiscard]] io::LinkBuffer& Out() override { return connection_->Out(); }
  void SendSoon() override { connection_->SendSoon(); }
  void SendNow(std::string_view head, std::string_view body) override {
    connection_->SendNow(head, body);
  }
  void SetDeadline(io::ConnDeadline which, TimePoint deadline) override {
    connection_->SetDeadline(which, deadline);
  }
  void Close(io::ConnClose how) override { connection_->Close(how); }
  [[nodiscard]] std::string LocalAddr() const override { return connection_->LocalAddr(); }
  [[nodiscard]] std::string RemoteAddr() const override { return connection_->RemoteAddr(); }
  void Post(std::function<void()> function) override { connection_->Post(std::move(function)); }
  [[nodiscard]] bool InLoop() const override { return connection_->InLoop(); }
  [[nodiscard]] const void* LoopId() const override { return connection_->LoopId(); }

 private:
  void TellShutdown() override {
    if (self_ == nullptr) self_ = std::make_shared<EventedConn*>(this);
    connection_->Post([alive = std::weak_ptr<EventedConn*>(self_)] {
      const std::shared_ptr<EventedConn*> self = alive.lock();
      if (self != nullptr && !(*self)->closed_) (*self)->sink_->OnShutdown();
    });
  }
  void Cut(const Error&) override { connection_->Close(io::ConnClose::kAbort); }

  io::ConnSink* sink_;
  std::unique_ptr<io::EventConn> connection_;
  std::shared_ptr<EventedConn*> self_;  // made for the call that may come too late
  bool closed_ = false;
};

/// A connection whose calls wait, as Hijack gives it.
class HijackedConn final : public io::Conn, public HijackedConns::Member {
 public:
  HijackedConn(HijackedConns& list, std::unique_ptr<io::Conn> connection,
               std::shared_ptr<void> slot)
      : Member(list, std::move(slot)), connection_(std::move(connection)) {}

  io::IoResult Read(std::span<char> into) override {
    if (cut_) return {0, cut_};
    io::IoResult result = connection_->Read(into);
    if (result.err && cut_) result.err = cut_;
    return result;
  }
  io::IoResult Write(std::string_view data) override {
    if (cut_) return {0, cut_};
    io::IoResult result = connection_->Write(data);
    if (result.err && cut_) result.err = cut_;
    return result;
  }
  Error Close() override {
    Error err = connection_->Close();
    Leave();
    return err;
  }
  Error CloseWrite() override { return cut_ ? cut_ : connection_->CloseWrite(); }
  void SetReadDeadline(TimePoint deadline) override { connection_->SetReadDeadline(deadline); }
  void SetWriteDeadline(TimePoint deadline) override { connection_->SetWriteDeadline(deadline); }
  [[nodiscard]] std::string LocalAddr() const override { return connection_->LocalAddr(); }
  [[nodiscard]] std::string RemoteAddr() const override { return connection_->RemoteAddr(); }

  Error BecomeEvented(io::ConnSink& sink) override {
    if (cut_) return cut_;
    if (List() == nullptr) return io::ErrClosed;
    auto evented = std::make_unique<EventedConn>(*List(), sink, Slot());
    HON_RETURN_IF_ERROR(connection_->BecomeEvented(*evented));
    static_cast<void>(evented.release());  // OnOpen has given it to the sink
    Leave();
    return {};
  }

 private:
  void Cut(const Error& cause) override {
    cut_ = cause;
    static_cast<void>(connection_->Close());
  }

  std::unique_ptr<io::Conn> connection_;
  Error cut_;
};

}  // namespace

HijackedConns::Member::Member(HijackedConns& list, std::shared_ptr<void> slot)
    : list_(&list), next_(list.first_), slot_(std::move(slot)) {
  if (next_ != nullptr) next_->previous_ = this;
  list.first_ = this;
}

void HijackedConns::Member::Leave() {
  if (list_ == nullptr) return;
  if (previous_ != nullptr) previous_->next_ = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  if (list_->first_ == this) list_->first_ = next_;
  HijackedConns& list = *std::exchange(list_, nullptr);
  slot_.reset();
  if (list.Empty()) list.on_empty_();
}

HijackedConns::~HijackedConns() {
  for (Member* member = first_; member != nullptr; member = member->next_) {
    member->list_ = nullptr;
    member->slot_.reset();
  }
}

std::unique_ptr<io::Conn> HijackedConns::Track(std::unique_ptr<io::Conn> connection,
                                               std::shared_ptr<void> slot) {
  auto tracked = std::make_unique<HijackedConn>(*this, std::move(connection), std::move(slot));
  if (cut_) static_cast<Member&>(*tracked).Cut(cut_);
  return tracked;
}

void HijackedConns::TellShutdown() {
  shutting_down_ = true;
  for (Member* member = first_; member != nullptr; member = member->next_) member->TellShutdown();
}

void HijackedConns::CutAll(const Error& cause) {
  cut_ = cause;
  for (Member* member = first_; member != nullptr; member = member->next_) member->Cut(cause);
}

}  // namespace hon::engine
