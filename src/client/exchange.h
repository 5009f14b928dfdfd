#pragma once

#include <memory>
#include <string>

#include "client/conn.h"
#include "client/core.h"
#include "client/request_head.h"
#include "client/upload.h"
#include "hon/adaptor/body_reader.h"
#include "hon/http/response.h"

namespace hon::client {

/// One request and its answer, in either version of HTTP.
class AnyExchange {
 public:
  AnyExchange() = default;
  AnyExchange(const AnyExchange&) = delete;
  AnyExchange& operator=(const AnyExchange&) = delete;
  virtual ~AnyExchange() = default;

  /// Sends the request, whose body is `upload` (null: none), and reads the head of the answer.
  virtual Error Run(const http::Request& r, const RequestPlan& plan, std::shared_ptr<Upload> upload,
                    http::Response& into) = 0;
  /// After an error of Run: no byte of an answer has come.
  [[nodiscard]] virtual bool NothingCame() const = 0;
  /// After an error of Run: whether the server has stated that it did not process the request.
  [[nodiscard]] virtual bool Refused() const { return false; }
};

/// One request and its answer over one connection of HTTP/1.1: the source of the answer's Body and
/// the keeper of its texts. On the loop of the connection.
class Exchange final : public AnyExchange,
                       public http::ConnSource,
                       public io::BlockReader,
                       public http::ResponseOwner,
                       public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(std::unique_ptr<Conn> conn, appcontext::Context context,
           std::shared_ptr<const ClientTrace> trace);
  ~Exchange() override;

  // AnyExchange
  Error Run(const http::Request& r, const RequestPlan& plan, std::shared_ptr<Upload> upload,
            http::Response& into) override;
  [[nodiscard]] bool NothingCame() const override { return !answer_begun_; }

  // http::BodySource
  io::IoResult Read(std::span<char> into) override;
  io::IoResult ReadBlocks(io::LinkBuffer& into, size_t bytes_max) override;
  io::BlockReader* AsBlocks(const io::BlockPool& pool) override;
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
  Error SendBody();
  void TellWritten(const Error& err) const;
  Error AwaitHead(const RequestPlan& plan);
  Error OnWaitFailed(const Error& why);
  Error TakeInterim();
  [[nodiscard]] Error HeadFault() const;
  void Fill(const RequestPlan& plan, http::Response& into);
  void AwaitHeadFrom(TimePoint now);
  io::IoResult ReadRaw(std::span<char> into);
  template <class Receive>
  io::IoResult ReadBy(Receive&& receive);
  void StopUpload();
  void Finish();
  void Abandon();

  std::unique_ptr<Conn> conn_;  // null: the answer is complete, or the connection lost
  std::shared_ptr<Core> core_;
  std::shared_ptr<LoopPool> pool_;
  appcontext::Context context_;
  std::shared_ptr<const ClientTrace> trace_;
  std::shared_ptr<const tls::ConnectionState> tls_;
  std::shared_ptr<Upload> upload_;
  adaptor::HeadScan scan_;
  adaptor::AnswerHead head_;
  http::Header fields_;
  http::Header trailers_;
  io::BlockRef head_block_;  // holds the texts of the Response
  adaptor::BodyReader body_;
  http::Response* response_ = nullptr;
  size_t interim_bytes_ = 0;
  size_t interims_ = 0;
  bool reused_ = false;
  bool answer_begun_ = false;
  bool awaits_continue_ = false;
  bool keep_ = false;    // the connection may serve another request
  bool raw_ = false;     // after the head the connection is a tunnel
  bool closed_ = false;  // Close was called
  Error failure_;        // of the body
};

}  // namespace hon::client
