#pragma once

#include <memory>

#include "client/core.h"
#include "client/exchange.h"
#include "client/h2_conn.h"
#include "client/upload.h"

namespace hon::client {

/// One request and its answer over an HTTP/2 stream. Used on the loop of the connection.
class H2Exchange final : public AnyExchange,
                         public http::ConnSource,
                         public io::BlockReader,
                         public http::ResponseOwner,
                         public std::enable_shared_from_this<H2Exchange> {
 public:
  H2Exchange(const std::shared_ptr<H2Conn>& conn, appcontext::Context context,
             std::shared_ptr<const ClientTrace> trace);
  ~H2Exchange() override;

  // AnyExchange
  Error Run(const http::Request& r, const RequestPlan& plan, std::shared_ptr<Upload> upload,
            http::Response& into) override;
  [[nodiscard]] bool NothingCame() const override { return !stream_->Began(); }
  [[nodiscard]] bool Refused() const override { return stream_->Refused(); }

  // http::BodySource
  io::IoResult Read(std::span<char> into) override;
  io::IoResult ReadBlocks(io::LinkBuffer& into, size_t bytes_max) override;
  io::BlockReader* AsBlocks(const io::BlockPool& pool) override {
    return stream_->IsOf(pool) ? this : nullptr;
  }
  Error Close() override;
  // http::ConnSource
  std::unique_ptr<io::Conn> TakeConn() override;
  // http::ResponseOwner
  void OnMoved(http::Response& now) override { response_ = &now; }
  void OnGone(http::Response& response) override {
    response_ = nullptr;
    pool_->GiveHeader(std::move(response.Header));
  }

 private:
  void TellHeadOfH2(const h2::Session::RequestHead& head, const http::Header& fields) const;
  void TellWritten(const Error& err) const;
  Error SendBody();
  Error TellInterims();
  Error AwaitHead();
  void Fill(const RequestPlan& plan, http::Response& into);
  template <class Receive>
  io::IoResult ReadBy(Receive&& receive);
  void Finish();

  appcontext::Context context_;
  std::shared_ptr<const ClientTrace> trace_;
  std::shared_ptr<LoopPool> pool_;
  std::shared_ptr<H2Stream> stream_;  // holds the texts
  std::shared_ptr<Core> core_;
  std::shared_ptr<Upload> upload_;
  std::shared_ptr<const tls::ConnectionState> tls_;
  http::Response* response_ = nullptr;
  TimePoint head_deadline_ = kNever;
  bool awaits_continue_ = false;
  bool done_ = false;  // the answer was read to its end, or closed
  bool closed_ = false;
  bool raw_ = false;  // the answer opened a tunnel
  std::string status_;
  Error failure_;
};

}  // namespace hon::client
