#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "hon/fiber/conn.h"
#include "hon/io/event_conn.h"
#include "hon/netpoll/connection.h"
#include "hon/netpoll/loop.h"

namespace hon::fiber {

/// The io::EventConn of a netpoll::Connection.
class LoopConn final : public io::EventConn, private netpoll::EventHandler {
 public:
  LoopConn(netpoll::Connection& connection, io::ConnSink& sink, ConnGroup* group,
           std::shared_ptr<void> slot);
  ~LoopConn() override;

  // io::EventConn
  void SetSink(io::ConnSink& sink) override;
  [[nodiscard]] io::LinkBuffer& In() override { return connection_->Reader(); }
  void ConsumedInput() override { connection_->ConsumedInput(); }
  [[nodiscard]] bool InputEnded() const override { return connection_->InputEnded(); }
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

  template <class Call>
  void CallSink(std::string_view callback, Call call);
  void LeaveGroup();
  void TellShutdown();
  void Cut(const Error& cause);

  netpoll::Connection* connection_;
  io::ConnSink* sink_;
  ConnGroup* group_;  // null: none, the connection has ended, or the group is gone
  LoopConn* previous_ = nullptr;
  LoopConn* next_ = nullptr;
  std::shared_ptr<void> slot_;
  std::shared_ptr<LoopConn*> self_;  // for calls that may come after the end of this object
  bool* destroyed_ = nullptr;        // set during a call to the sink
  Error cut_;                        // the cause with which the group has cut the connection
  bool closing_ = false;
  bool shutdown_posted_ = false;
};

}  // namespace hon::fiber
