#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "hon/base/intrusive_list.h"
#include "hon/fiber/conn.h"
#include "hon/io/event_conn.h"
#include "hon/netpoll/connection.h"
#include "hon/netpoll/loop.h"

namespace hon::fiber {

/// The io::EventConn of a netpoll::Connection, which belongs to the sink or is lent to it.
class LoopConn final : public io::EventConn,
                       public IntrusiveListNode<LoopConn>,
                       private netpoll::EventHandler {
 public:
  /// `owner`: who has lent the connection, or null.
  LoopConn(netpoll::Connection& connection, io::ConnSink& sink, ConnGroup* group,
           std::shared_ptr<void> slot, ConnOwner* owner = nullptr);
  ~LoopConn() override;

  // io::EventConn
  void SetSink(io::ConnSink& sink) override;
  [[nodiscard]] io::LinkBuffer& In() override { return connection_->Reader(); }
  void ConsumedInput() override {
    if (owner_ == nullptr) connection_->ConsumedInput();
  }
  [[nodiscard]] bool InputEnded() const override {
    return owner_ == nullptr ? connection_->InputEnded() : connection_->PeerFinished();
  }
  [[nodiscard]] bool InputTruncated() const override { return connection_->InputTruncated(); }
  [[nodiscard]] io::LinkBuffer& Out() override { return connection_->Writer(); }
  void SendSoon() override { connection_->FlushLater(); }
  void SendNow(std::string_view head, std::string_view body) override;
  void CloseWrite() override { connection_->CloseWrite(); }
  void SetDeadline(io::ConnDeadline which, TimePoint deadline) override;
  void Close(io::ConnClose how) override;
  [[nodiscard]] std::string LocalAddr() const override { return connection_->LocalAddr(); }
  [[nodiscard]] std::string RemoteAddr() const override { return connection_->RemoteAddr(); }
  void Post(std::function<void()> function) override;
  [[nodiscard]] bool InLoop() const override { return connection_->GetLoop().InLoopThread(); }
  [[nodiscard]] const void* LoopId() const override { return &connection_->GetLoop(); }

 private:
  friend class ConnGroup;

  // netpoll::EventHandler
  void OnRequest(netpoll::Connection&) override;
  void OnWritable(netpoll::Connection&) override;
  void OnTimeout(netpoll::Connection&, netpoll::DeadlineKind kind) override;
  void OnDisconnect(netpoll::Connection&, const Error& why) override;

  void NoteCall(bool* destroyed);
  template <class Call>
  void CallSink(std::string_view callback, Call call);
  /// The sink has given the connection back: no event before OnClosed.
  [[nodiscard]] bool GivenBack() const { return owner_ != nullptr && closing_; }
  void PostToSelf(void (LoopConn::*call)());
  void LeaveGroup();
  void TellShutdown();
  void SayShutdown();
  void Return();
  void Cut(const Error& cause);

  netpoll::Connection* connection_;
  io::ConnSink* sink_;
  ConnGroup* group_;  // null: none, the connection has ended, or the group is gone
  ConnOwner* owner_;  // null: none, or the loan is over
  std::shared_ptr<void> slot_;
  std::shared_ptr<LoopConn*> self_;  // for calls that may come after the end of this object
  bool* destroyed_ = nullptr;        // set during a call to the sink
  Error cut_;                        // the cause with which the group has cut the connection
  bool closing_ = false;
  bool aborted_ = false;
  bool shutdown_posted_ = false;
  bool returned_ = false;  // to the owner: the connection is not to be touched
};
// In every WebSocket.
static_assert(sizeof(LoopConn) <= 120);

}  // namespace hon::fiber
