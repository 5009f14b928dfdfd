#include "engine/hijacked_conn.h"

#include <span>
#include <string>
#include <string_view>

namespace hon::engine {

class HijackedConn final : public io::Conn {
 public:
  HijackedConn(HijackedConns& list, std::unique_ptr<io::Conn> connection)
      : list_(&list), connection_(std::move(connection)), next_(list.first_) {
    if (next_ != nullptr) next_->previous_ = this;
    list.first_ = this;
  }
  ~HijackedConn() override {
    connection_.reset();
    Leave();
  }

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
  // Who gives it to a sink destroys this: the sink is told of an end by the connection's own close.
  Error BecomeEvented(io::ConnSink& sink) override {
    return cut_ ? cut_ : connection_->BecomeEvented(sink);
  }
  Error CloseWrite() override { return cut_ ? cut_ : connection_->CloseWrite(); }
  void SetReadDeadline(TimePoint deadline) override { connection_->SetReadDeadline(deadline); }
  void SetWriteDeadline(TimePoint deadline) override { connection_->SetWriteDeadline(deadline); }
  [[nodiscard]] std::string LocalAddr() const override { return connection_->LocalAddr(); }
  [[nodiscard]] std::string RemoteAddr() const override { return connection_->RemoteAddr(); }

  void Cut(const Error& cause) {
    cut_ = cause;
    static_cast<void>(connection_->Close());
  }

 private:
  friend class HijackedConns;

  void Leave() {
    if (list_ == nullptr) return;
    if (previous_ != nullptr) previous_->next_ = next_;
    if (next_ != nullptr) next_->previous_ = previous_;
    if (list_->first_ == this) list_->first_ = next_;
    HijackedConns& list = *std::exchange(list_, nullptr);
    if (list.Empty()) list.on_empty_();
  }

  HijackedConns* list_;  // null: closed, or the list is gone
  std::unique_ptr<io::Conn> connection_;
  HijackedConn* previous_ = nullptr;
  HijackedConn* next_;
  Error cut_;
};

HijackedConns::~HijackedConns() {
  for (HijackedConn* conn = first_; conn != nullptr; conn = conn->next_) conn->list_ = nullptr;
}

std::unique_ptr<io::Conn> HijackedConns::Track(std::unique_ptr<io::Conn> connection) {
  auto tracked = std::make_unique<HijackedConn>(*this, std::move(connection));
  if (cut_) tracked->Cut(cut_);
  return tracked;
}

void HijackedConns::CutAll(const Error& cause) {
  cut_ = cause;
  for (HijackedConn* conn = first_; conn != nullptr; conn = conn->next_) conn->Cut(cause);
}

}  // namespace hon::engine
