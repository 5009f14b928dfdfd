#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "hon/client/trace.h"
#include "hon/fiber/fiber.h"
#include "hon/http/request.h"
#include "hon/http/response.h"
#include "hon/http/response_writer.h"
#include "hon/http/spawner.h"
#include "hon/httputil/reverse_proxy.h"
#include "httputil/passed_body.h"

namespace hon::httputil::internal {

/// A request that passes through a proxy. Used again for one request after another, so that a warm
/// request needs no memory.
class Passage {
 public:
  Passage();
  Passage(const Passage&) = delete;
  Passage& operator=(const Passage&) = delete;

  /// Passes `r` on and its answer to `w`. All three arguments outlive the call. Throws
  /// http::AbortHandler when the answer breaks off.
  void Run(const ReverseProxy& proxy, http::ResponseWriter& w, http::Request& r);
  /// Ends every view of the request. Follows Run, however Run has ended.
  void Clear();

 private:
  [[nodiscard]] http::RoundTripper& Transport();
  Result<http::Response> Send();
  void PassOn(Result<http::Response>& answer);
  void PassOnElsewhere(http::Spawner::Home& loop);
  Result<http::Response> SendPlain(http::RoundTripper& transport);

  Error MakeRequest();
  void CopyAllFields();
  void CopyFieldsToPass();
  void FromExtendedConnect(std::string_view protocol);
  Error FindProtocol(std::string_view protocol);
  void FinishFields();
  void CallDirector();
  void AddVia(http::Header& header, int major, int minor) const;

  void PassInterim(int status, const http::Header& fields);
  [[nodiscard]] bool Switches(const http::Response& answer) const;
  Error CheckAgreed(const http::Response& answer) const;
  Error TranslateWebSocketKeys(http::Response& answer);
  void SwitchProtocols(http::Response& answer);
  void PassAnswer(http::Response& answer);
  [[nodiscard]] bool IsAnnounced(std::string_view trailer) const;
  void PassHead(http::Response& answer);
  Error PassBody(http::Response& answer);
  void PassTrailers(const http::Response& answer);
  void Fail(const Error& err);
  void Log(std::string_view what, const Error& err) const;

  const ReverseProxy* proxy_ = nullptr;
  http::ResponseWriter* w_ = nullptr;
  http::Request* in_ = nullptr;
  fiber::Fiber* fiber_ = nullptr;
  http::Spawner::Home* elsewhere_ = nullptr;  // the loop of both connections of an upgrade, when
                                              // the handler runs on another thread
  client::ClientTrace trace_;
  http::Request out_;
  std::shared_ptr<PassedBody> body_;
  std::shared_ptr<http::RoundTripper> default_transport_;
  std::vector<std::string_view> named_;  // by the client's Connection
  std::vector<std::string> announced_;   // names of the answer's trailers
  std::string asked_protocol_;           // "": none
  std::string key_;                      // Sec-WebSocket-Key that this proxy has made
  bool extended_connect_ = false;        // an upgrade over HTTP/2 (RFC 8441)
  bool may_extend_ = false;              // the transport may have sent an extended CONNECT
  bool bad_upgrade_ = false;             // the client's request to upgrade cannot be accepted
  bool awaits_answer_ = false;
};

/// The passages of one proxy. Any thread.
class PassagePool {
 public:
  /// Passages without a request that are kept.
  static constexpr size_t kKeptMax = 64;

  /// A passage for one request.
  class Lease {
   public:
    explicit Lease(PassagePool& pool) : pool_(pool), passage_(pool.Take()) {}
    ~Lease() { pool_.Give(std::move(passage_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Passage* operator->() const { return passage_.get(); }

   private:
    PassagePool& pool_;
    std::unique_ptr<Passage> passage_;
  };

 private:
  [[nodiscard]] std::unique_ptr<Passage> Take();
  void Give(std::unique_ptr<Passage> passage);

  std::mutex mutex_;
  std::vector<std::unique_ptr<Passage>> kept_;
};

}  // namespace hon::httputil::internal
