#include "client/layers.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <utility>

#include "client/request_head.h"
#include "client/route.h"
#include "client/tell.h"
#include "hon/base/assert.h"
#include "hon/base/quote.h"
#include "hon/http/client_error.h"
#include "hon/http/status.h"
#include "hon/io/io.h"
#include "http/list.h"
#include "io/layer_wrapper.h"

namespace hon::client {
namespace {

Error ProxyError(std::string text) { return Error::Of(http::ErrProxy, std::move(text)); }

class ConnectLayer final : public PlainLayer {
 public:
  explicit ConnectLayer(ConnectRequest request)
      : on_answer_(std::move(request.on_answer)), parser_(Limits()) {
    text_.append("CONNECT ").append(request.target).append(" HTTP/1.1\r\nHost: ");
    text_.append(request.target).append("\r\n");
    bool has_agent = false;
    bool has_credentials = false;
    for (const auto& [name, value] : request.fields) {
      has_agent = has_agent || http::internal::EqualFold(name, "User-Agent");
      has_credentials = has_credentials || http::internal::EqualFold(name, "Proxy-Authorization");
      text_.append(name).append(": ").append(value).append("\r\n");
    }
    if (!has_agent) text_.append("User-Agent: ").append(kUserAgent).append("\r\n");
    if (request.user != nullptr && !has_credentials) {
      text_.append("Proxy-Authorization: ").append(BasicCredentialsOf(*request.user));
      text_.append("\r\n");
    }
    text_.append("\r\n");
  }

  Error Start(io::LinkBuffer& sealed) override {
    sealed.Write(text_);
    return {};
  }

 protected:
  Error Shake(io::LinkBuffer& received, io::LinkBuffer&) override {
    for (;;) {
      adaptor::AnswerHead head;
      http::Header fields;
      switch (parser_.ReadAnswer(received, scan_, "CONNECT", head, fields)) {
        case adaptor::HeadStatus::kIncomplete:
          return {};
        case adaptor::HeadStatus::kBad:
          return ProxyError("proxyconnect: malformed answer: " + std::string(head.fault));
        case adaptor::HeadStatus::kDone:
          break;
      }
      const int code = head.status;
      const bool final = code >= 200 || code == http::StatusSwitchingProtocols;
      if (!final && ++interim_ <= kInterimAnswersMax) {
        HON_RETURN_IF_ERROR(received.Skip(head.size));
        scan_ = {};
        continue;
      }
      return OnAnswer(received, head, std::move(fields));
    }
  }

 private:
  static adaptor::ParseLimits Limits() {
    return {.head_bytes_max = kProxyAnswerBytesMax, .fields_max = kResponseFieldsMax};
  }

  Error OnAnswer(io::LinkBuffer& received, const adaptor::AnswerHead& head, http::Header fields) {
    if (on_answer_ != nullptr) {
      http::Response answer;
      answer.Proto = head.version;
      answer.ProtoMinor = head.minor_version;
      answer.Status = head.status_text;
      answer.StatusCode = head.status;
      answer.Header = std::move(fields);
      HON_RETURN_IF_ERROR(on_answer_(answer));
    }
    const int code = head.status;
    std::string failure = "proxyconnect: the proxy answered " + std::string(head.status_text);
    HON_RETURN_IF_ERROR(received.Skip(head.size));
    if (code < 200 || code >= 300) {
      // The part of the body that came with the head is a hint for people.
      const std::string_view hint = received.Front().substr(0, kProxyAnswerHintBytes);
      if (!hint.empty()) failure.append(": ").append(Quote(hint));
      return ProxyError(std::move(failure));
    }
    Done();
    return {};
  }

  std::string text_;
  std::function<Error(const http::Response&)> on_answer_;
  adaptor::HeadParser parser_;
  adaptor::HeadScan scan_;
  size_t interim_ = 0;
};

class SocksLayer final : public PlainLayer {
 public:
  SocksLayer(std::string request, std::string credentials)
      : request_(std::move(request)), credentials_(std::move(credentials)) {}

  Error Start(io::LinkBuffer& sealed) override {
    sealed.Write(credentials_.empty() ? std::string_view("\x05\x01\x00", 3)
                                      : std::string_view("\x05\x02\x00\x02", 4));
    return {};
  }

 protected:
  Error Shake(io::LinkBuffer& received, io::LinkBuffer& sealed) override {
    if (step_ == Step::kMethod && received.Len() >= 2) {
      HON_RETURN_IF_ERROR(OnMethod(Take(received, 2), sealed));
    }
    if (step_ == Step::kCredentials && received.Len() >= 2) {
      const std::string answer = Take(received, 2);
      if (answer[1] != 0) return ProxyError("socks: username/password authentication failed");
      sealed.Write(request_);
      step_ = Step::kReply;
    }
    if (step_ == Step::kReply) return OnReply(received);
    return {};
  }

 private:
  enum class Step : uint8_t { kMethod, kCredentials, kReply };

  static std::string Take(io::LinkBuffer& received, size_t size) {
    std::string bytes(size, '\0');
    static_cast<void>(received.ReadInto(bytes));
    return bytes;
  }

  Error OnMethod(const std::string& answer, io::LinkBuffer& sealed) {
    if (answer[0] != 5) {
      return ProxyError("socks: unexpected protocol version " +
                        std::to_string(static_cast<unsigned char>(answer[0])));
    }
    const auto method = static_cast<unsigned char>(answer[1]);
    if (method == 0) {
      sealed.Write(request_);
      step_ = Step::kReply;
      return {};
    }
    if (method != 2 || credentials_.empty()) {
      return ProxyError("socks: no acceptable authentication methods");
    }
    sealed.Write(credentials_);
    step_ = Step::kCredentials;
    return {};
  }

  // VER REP RSV ATYP BND.ADDR BND.PORT (RFC 1928 §6).
  Error OnReply(io::LinkBuffer& received) {
    if (received.Len() < 5) return {};
    const Result<std::string_view> start = received.Peek(5);
    HON_ASSERT(start);
    const auto byte = [&](size_t i) { return static_cast<unsigned char>((*start)[i]); };
    if (byte(0) != 5) {
      return ProxyError("socks: unexpected protocol version " + std::to_string(byte(0)));
    }
    if (byte(1) != 0) return ProxyError("socks: " + Reason(byte(1)));
    size_t size = 0;
    switch (byte(3)) {
      case 1:
        size = 4 + 4 + 2;
        break;
      case 3:
        size = 5U + byte(4) + 2;
        break;
      case 4:
        size = 4 + 16 + 2;
        break;
      default:
        return ProxyError("socks: unknown address type " + std::to_string(byte(3)));
    }
    if (received.Len() < size) return {};
    Done();
    return received.Skip(size);
  }

  static std::string Reason(unsigned char code) {
    static constexpr std::array<std::string_view, 9> kReasons = {
        "",
        "general SOCKS server failure",
        "connection not allowed by ruleset",
        "network unreachable",
        "host unreachable",
        "connection refused",
        "TTL expired",
        "command not supported",
        "address type not supported"};
    const std::string text =
        code < kReasons.size() ? std::string(kReasons[code]) : "code: " + std::to_string(code);
    return "unknown error " + text;
  }

  std::string request_;
  std::string credentials_;
  Step step_ = Step::kMethod;
};

/// A TLS layer whose errors are those of the client.
class HandshakeLayer final : public io::LayerWrapper {
 public:
  HandshakeLayer(std::unique_ptr<io::RecordLayer> tls, std::shared_ptr<HandshakeTrace> trace)
      : LayerWrapper(std::move(tls)), trace_(std::move(trace)) {}

  Error Start(io::LinkBuffer& sealed) override {
    if (trace_ != nullptr) trace_->Begin();
    return Told(Marked(LayerWrapper::Start(sealed)));
  }
  Error Open(io::LinkBuffer& received, io::LinkBuffer& plain, io::LinkBuffer& sealed) override {
    if (first_) {
      // A TLS record begins with its content type, which is no letter (RFC 8446 §5.1).
      static constexpr std::string_view kHttp = "HTTP/";
      const std::string_view front = received.Front();
      if (front.starts_with(kHttp)) return Told(http::ErrSchemeMismatch);
      if (received.Len() < kHttp.size() && kHttp.starts_with(front)) return {};
      first_ = false;
    }
    return Told(Marked(LayerWrapper::Open(received, plain, sealed)));
  }
  Error Seal(std::string_view plain, io::LinkBuffer& sealed) override {
    return Marked(LayerWrapper::Seal(plain, sealed));
  }

 private:
  static Error Marked(const Error& err) {
    return err ? Error::Of(http::ErrHandshake, err.Message()) : Error();
  }

  Error Told(Error err) {
    if (trace_ == nullptr || (!err && !HandshakeDone())) return err;
    trace_->End(err ? nullptr : State(), err);
    trace_.reset();
    return err;
  }

  std::shared_ptr<HandshakeTrace> trace_;  // until the end of the handshake
  bool first_ = true;
};

class StackedLayer final : public io::RecordLayer {
 public:
  StackedLayer(std::unique_ptr<io::RecordLayer> outer, std::unique_ptr<io::RecordLayer> inner)
      : outer_(std::move(outer)), inner_(std::move(inner)) {}

  Error Start(io::LinkBuffer& sealed) override { return outer_->Start(sealed); }

  Error Open(io::LinkBuffer& received, io::LinkBuffer& plain, io::LinkBuffer& sealed) override {
    Prepare(sealed);
    HON_RETURN_IF_ERROR(outer_->Open(received, *middle_, sealed));
    if (!outer_->HandshakeDone()) return {};
    Error err;
    if (!std::exchange(started_, true)) err = inner_->Start(*inner_sealed_);
    if (!err) err = inner_->Open(*middle_, plain, *inner_sealed_);
    Error seal = SealInner(sealed);  // sends an alert, too
    return err ? std::move(err) : std::move(seal);
  }

  Error Seal(std::string_view plain, io::LinkBuffer& sealed) override {
    Prepare(sealed);
    HON_RETURN_IF_ERROR(inner_->Seal(plain, *inner_sealed_));
    return SealInner(sealed);
  }

  void CloseOutput(io::LinkBuffer& sealed) override {
    Prepare(sealed);
    if (outer_->HandshakeDone()) {
      inner_->CloseOutput(*inner_sealed_);
      static_cast<void>(SealInner(sealed));
    }
    outer_->CloseOutput(sealed);
  }

  [[nodiscard]] bool HandshakeDone() const override {
    return outer_->HandshakeDone() && inner_->HandshakeDone();
  }
  [[nodiscard]] bool HasMore() const override { return outer_->HasMore() || inner_->HasMore(); }
  [[nodiscard]] bool InputEnded() const override {
    return inner_->InputEnded() || outer_->InputEnded();
  }
  [[nodiscard]] std::string_view ApplicationProtocol() const override {
    return inner_->ApplicationProtocol();
  }
  [[nodiscard]] const tls::ConnectionState* State() const override { return inner_->State(); }

 private:
  void Prepare(io::LinkBuffer& sealed) {
    if (middle_) return;
    middle_.emplace(sealed.Pool());
    inner_sealed_.emplace(sealed.Pool());
  }

  Error SealInner(io::LinkBuffer& sealed) {
    while (!inner_sealed_->Empty()) {
      const std::string_view part = inner_sealed_->Front().substr(0, io::kRecordBytesMax);
      HON_RETURN_IF_ERROR(outer_->Seal(part, sealed));
      HON_RETURN_IF_ERROR(inner_sealed_->Skip(part.size()));
    }
    return {};
  }

  std::unique_ptr<io::RecordLayer> outer_;
  std::unique_ptr<io::RecordLayer> inner_;
  std::optional<io::LinkBuffer> middle_;
  std::optional<io::LinkBuffer> inner_sealed_;
  bool started_ = false;
};

// The target of a SOCKS request: ATYP, address and port.
Result<std::string> SocksTarget(std::string_view host, std::string_view port) {
  uint16_t number = 0;
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (code != std::errc() || end != port.data() + port.size()) {
    return Fail(ProxyError("socks: invalid port"));
  }
  const std::string text(host);
  std::array<char, 16> address{};
  std::string target;
  if (inet_pton(AF_INET, text.c_str(), address.data()) == 1) {
    target.append(1, '\x01').append(address.data(), 4);
  } else if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) {
    target.append(1, '\x04').append(address.data(), 16);
  } else {
    if (host.empty() || host.size() > 255) return Fail(ProxyError("socks: invalid host name"));
    target.append(1, '\x03').append(1, static_cast<char>(host.size())).append(host);
  }
  target.append(1, static_cast<char>(number >> 8)).append(1, static_cast<char>(number & 0xFF));
  return target;
}

}  // namespace

Error PlainLayer::Open(io::LinkBuffer& received, io::LinkBuffer& plain, io::LinkBuffer& sealed) {
  if (!done_) HON_RETURN_IF_ERROR(Shake(received, sealed));
  if (done_ && !received.Empty()) plain.Append(std::move(received));
  return {};
}

Error PlainLayer::Seal(std::string_view plain, io::LinkBuffer& sealed) {
  sealed.Write(plain);
  return {};
}

Result<std::unique_ptr<io::RecordLayer>> NewConnectLayer(ConnectRequest request) {
  for (const auto& [name, value] : request.fields) {
    if (!http::internal::IsToken(name) || !IsFieldValue(value) ||
        http::internal::EqualFold(name, "Host") ||
        http::internal::EqualFold(name, "Content-Length") ||
        http::internal::EqualFold(name, "Transfer-Encoding")) {
      return Fail(Error::Of(http::ErrInvalidRequest,
                            "net/http: invalid field of a CONNECT request: " + Quote(name)));
    }
  }
  return std::make_unique<ConnectLayer>(std::move(request));
}

Result<std::unique_ptr<io::RecordLayer>> NewSocksLayer(std::string_view host, std::string_view port,
                                                       const url::UserinfoPtr& user) {
  HON_TRY(const std::string target, SocksTarget(host, port));
  std::string credentials;
  if (user != nullptr) {
    const std::string& name = user->Username();
    const std::string& password = user->Password();
    if (name.empty() || name.size() > 255 || password.size() > 255) {
      return Fail(ProxyError("socks: invalid username/password"));
    }
    credentials.append(1, '\x01').append(1, static_cast<char>(name.size())).append(name);
    credentials.append(1, static_cast<char>(password.size())).append(password);
  }
  std::string request("\x05\x01\x00", 3);
  return std::make_unique<SocksLayer>(request + target, std::move(credentials));
}

std::unique_ptr<io::RecordLayer> NewHandshakeLayer(std::unique_ptr<io::RecordLayer> tls,
                                                   std::shared_ptr<HandshakeTrace> trace) {
  return std::make_unique<HandshakeLayer>(std::move(tls), std::move(trace));
}

std::unique_ptr<io::RecordLayer> Stack(std::unique_ptr<io::RecordLayer> outer,
                                       std::unique_ptr<io::RecordLayer> inner) {
  if (outer == nullptr) return inner;
  if (inner == nullptr) return outer;
  return std::make_unique<StackedLayer>(std::move(outer), std::move(inner));
}

}  // namespace hon::client
