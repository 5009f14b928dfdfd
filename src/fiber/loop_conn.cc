#include "fiber/loop_conn.h"

#include "hon/base/assert.h"
#include "hon/base/guard.h"

namespace hon::fiber {
namespace {

using netpoll::CloseHow;
using netpoll::DeadlineKind;

/// The handler of connections that close by themselves: ignores all events.
class NoEvents final : public netpoll::EventHandler {
 public:
  static NoEvents& Instance() {
    static NoEvents instance;
    return instance;
  }
  void OnRequest(netpoll::Connection&) override {}
};

constexpr DeadlineKind KindOf(io::ConnDeadline which) {
  switch (which) {
    case io::ConnDeadline::kRead:
      return DeadlineKind::kRead;
    case io::ConnDeadline::kWrite:
      return DeadlineKind::kWrite;
    case io::ConnDeadline::kIdle:
      break;
  }
  return DeadlineKind::kIdle;
}

constexpr io::ConnDeadline DeadlineOf(DeadlineKind kind) {
  switch (kind) {
    case DeadlineKind::kRead:
      return io::ConnDeadline::kRead;
    case DeadlineKind::kWrite:
      return io::ConnDeadline::kWrite;
    case DeadlineKind::kIdle:
      break;
  }
  return io::ConnDeadline::kIdle;
}

constexpr CloseHow HowOf(io::ConnClose how) {
  switch (how) {
    case io::ConnClose::kGraceful:
      return CloseHow::kGraceful;
    case io::ConnClose::kLinger:
      return CloseHow::kLinger;
    case io::ConnClose::kAbort:
      break;
  }
  return CloseHow::kAbort;
}

void LiftDeadlines(netpoll::Connection& connection) {
  for (const auto kind : {DeadlineKind::kRead, DeadlineKind::kWrite, DeadlineKind::kIdle}) {
    connection.SetDeadline(kind, kNever);
  }
}

}  // namespace

LoopConn::LoopConn(netpoll::Connection& connection, io::ConnSink& sink, ConnGroup* group,
                   std::shared_ptr<void> slot, ConnOwner* owner)
    : connection_(&connection), sink_(&sink), group_(group), owner_(owner), slot_(std::move(slot)) {
  connection.Retain();
  connection.SetEventHandler(*this);
  LiftDeadlines(connection);
  if (owner_ == nullptr) {
    connection.ResumeRead();
    connection.ConsumedInput();
  }
  connection.FlushLater();
  if (group_ != nullptr) group_->Enter(*this);
}

LoopConn::~LoopConn() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  LeaveGroup();
  if (!returned_) {
    connection_->SetEventHandler(NoEvents::Instance());
    const bool whole = closing_ && !aborted_;
    if (!closing_) connection_->Close(CloseHow::kAbort);
    if (owner_ != nullptr) {
      LiftDeadlines(*connection_);
      owner_->OnConnReturned(whole);
    }
  }
  connection_->Release();
}

void LoopConn::SetSink(io::ConnSink& sink) {
  sink_ = &sink;
  LiftDeadlines(*connection_);
  if (group_ != nullptr && group_->ShuttingDown()) TellShutdown();
}

void LoopConn::SendNow(std::string_view head, std::string_view body) {
  const bool flush = head.empty() && body.empty();
  const Error err = flush ? connection_->Flush() : connection_->SendNow(head, body);
  static_cast<void>(err);  // OnClosed reports a broken connection
}

void LoopConn::SetDeadline(io::ConnDeadline which, TimePoint deadline) {
  connection_->SetDeadline(KindOf(which), deadline);
}

void LoopConn::Close(io::ConnClose how) {
  const bool first = !std::exchange(closing_, true);
  aborted_ |= how == io::ConnClose::kAbort;
  if (owner_ == nullptr || aborted_) return connection_->Close(HowOf(how));
  if (first) PostToSelf(&LoopConn::Return);
}

// The end of a loan. The sink may destroy this.
void LoopConn::Return() {
  if (owner_ == nullptr || aborted_) return;  // OnDisconnect was first, or will come
  ConnOwner& owner = *std::exchange(owner_, nullptr);
  returned_ = true;
  LiftDeadlines(*connection_);
  connection_->SetEventHandler(NoEvents::Instance());
  LeaveGroup();
  CallSink("io::ConnSink::OnClosed", [this] { sink_->OnClosed({}); });
  owner.OnConnReturned(true);
}

void LoopConn::Post(std::function<void()> function) {
  connection_->GetLoop().Post(std::move(function));
}

// Not inlined: GCC 14 warns of the address that is left behind where the object itself is gone.
[[gnu::noinline]] void LoopConn::NoteCall(bool* destroyed) { destroyed_ = destroyed; }

// A sink that throws loses its connection. The sink may destroy this object.
template <class Call>
void LoopConn::CallSink(std::string_view callback, Call call) {
  bool destroyed = false;
  HON_ASSERT(destroyed_ == nullptr);
  NoteCall(&destroyed);
  const Error thrown = CallGuarded(call);
  if (!destroyed) destroyed_ = nullptr;
  if (!thrown) [[likely]]
    return;
  LogThrown(callback, thrown);
  if (!destroyed && !returned_) Close(io::ConnClose::kAbort);
}

void LoopConn::OnRequest(netpoll::Connection&) {
  if (!GivenBack()) CallSink("io::ConnSink::OnInput", [this] { sink_->OnInput(); });
}

void LoopConn::OnWritable(netpoll::Connection&) {
  if (!GivenBack()) CallSink("io::ConnSink::OnDrained", [this] { sink_->OnDrained(); });
}

void LoopConn::OnTimeout(netpoll::Connection&, DeadlineKind kind) {
  if (GivenBack()) return;
  CallSink("io::ConnSink::OnDeadline", [this, kind] { sink_->OnDeadline(DeadlineOf(kind)); });
}

void LoopConn::OnDisconnect(netpoll::Connection&, const Error& why) {
  closing_ = true;
  LeaveGroup();
  ConnOwner* const owner = std::exchange(owner_, nullptr);
  const Error cause = cut_ ? cut_ : why;
  CallSink("io::ConnSink::OnClosed", [this, &cause] { sink_->OnClosed(cause); });
  if (owner != nullptr) owner->OnConnEnded(why);
}

// Posted, since a sink is not called from inside its own calls. Dropped when this object has gone.
void LoopConn::PostToSelf(void (LoopConn::*call)()) {
  if (self_ == nullptr) self_ = std::make_shared<LoopConn*>(this);
  Post([alive = std::weak_ptr<LoopConn*>(self_), call] {
    const std::shared_ptr<LoopConn*> self = alive.lock();
    if (self != nullptr) ((*self)->*call)();
  });
}

void LoopConn::TellShutdown() {
  if (!std::exchange(shutdown_posted_, true)) PostToSelf(&LoopConn::SayShutdown);
}

void LoopConn::SayShutdown() {
  if (group_ == nullptr || GivenBack()) return;
  shutdown_posted_ = false;
  CallSink("io::ConnSink::OnShutdown", [this] { sink_->OnShutdown(); });
}

// Sends what the socket takes at once; the rest of the output is lost.
void LoopConn::Cut(const Error& cause) {
  cut_ = cause;
  SendNow({}, {});
  Close(Out().Empty() ? io::ConnClose::kGraceful : io::ConnClose::kAbort);
}

void LoopConn::LeaveGroup() {
  if (group_ == nullptr) return;
  group_->conns_.Remove(*this);
  ConnGroup& group = *std::exchange(group_, nullptr);
  slot_.reset();
  if (group.Empty()) group.on_empty_();
}

void ConnGroup::Enter(LoopConn& conn) {
  conns_.PushFront(conn);
  if (shutting_down_) conn.TellShutdown();
  if (cut_) conn.Cut(cut_);
}

ConnGroup::~ConnGroup() {
  while (LoopConn* conn = conns_.PopFront()) {
    conn->group_ = nullptr;
    conn->slot_.reset();
  }
}

void ConnGroup::TellShutdown() {
  shutting_down_ = true;
  conns_.ForEach([](LoopConn& conn) { conn.TellShutdown(); });
}

void ConnGroup::CutAll(const Error& cause) {
  cut_ = cause;
  conns_.ForEach([&](LoopConn& conn) { conn.Cut(cause); });
}

void OpenConn(netpoll::Connection& connection, io::ConnSink& sink, ConnGroup* group,
              std::shared_ptr<void> slot) {
  sink.OnOpen(std::make_unique<LoopConn>(connection, sink, group, std::move(slot)));
}

void LendConn(netpoll::Connection& connection, io::ConnSink& sink, ConnGroup* group,
              ConnOwner& owner) {
  sink.OnOpen(std::make_unique<LoopConn>(connection, sink, group, nullptr, &owner));
}

}  // namespace hon::fiber
