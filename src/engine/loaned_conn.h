#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "hon/io/event_conn.h"
#include "hon/netpoll/connection.h"

namespace hon::engine {

class Http1Conn;

/// A served connection while an answer goes on without its handler: the io::EventConn below the
/// answer's encoder. The server keeps the connection. Close(kGraceful) gives the connection back
/// for the next request; OnClosed follows in the connection's next turn, as for every EventConn.
class LoanedConn final : public io::EventConn {
 public:
  LoanedConn(Http1Conn& owner, netpoll::Connection& connection, io::ConnSink& sink)
      : owner_(&owner), connection_(&connection), sink_(&sink) {}
  ~LoanedConn() override;

  [[nodiscard]] static io::ConnDeadline DeadlineOf(netpoll::DeadlineKind kind);

  // Used by the owner.
  [[nodiscard]] io::ConnSink& Sink() { return *sink_; }
  [[nodiscard]] bool Returned() const { return returned_; }
  /// The call of OnClosed on the sink has begun.
  void Forget() { owner_ = nullptr; }
  /// Marks the sink as notified of the shutdown. Returns true the first time.
  [[nodiscard]] bool MarkTold() { return !std::exchange(told_, true); }

  // io::EventConn
  void SetSink(io::ConnSink& sink) override { sink_ = &sink; }
  [[nodiscard]] io::LinkBuffer& In() override { return connection_->Reader(); }
  /// Input during the loan belongs to the next request, and stays unread.
  void ConsumedInput() override {}
  [[nodiscard]] bool InputEnded() const override { return connection_->PeerFinished(); }
  [[nodiscard]] io::LinkBuffer& Out() override { return connection_->Writer(); }
  void SendSoon() override { connection_->FlushLater(); }
  void SendNow(std::string_view head, std::string_view body) override;
  void CloseWrite() override { Close(io::ConnClose::kGraceful); }
  void SetDeadline(io::ConnDeadline which, TimePoint deadline) override;
  void Close(io::ConnClose how) override;
  [[nodiscard]] std::string LocalAddr() const override { return connection_->LocalAddr(); }
  [[nodiscard]] std::string RemoteAddr() const override { return connection_->RemoteAddr(); }
  void Post(std::function<void()> function) override;
  [[nodiscard]] bool InLoop() const override;
  [[nodiscard]] const void* LoopId() const override { return &connection_->GetLoop(); }

 private:
  Http1Conn* owner_;  // null: the loan has ended
  netpoll::Connection* connection_;
  io::ConnSink* sink_;
  bool returned_ = false;
  bool told_ = false;
};

}  // namespace hon::engine
