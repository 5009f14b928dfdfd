#include "client/layers.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <utility>

#include "client/route.h"
#include "hon/base/assert.h"
#include "hon/client/transport.h"
#include "hon/http/client_error.h"
#include "hon/io/io.h"

namespace hon::client {
namespace {

Error ProxyError(std::string text) { return Error::Of(http::ErrProxy, std::move(text)); }

class ConnectLayer final : public PlainLayer {
 public:
  ConnectLayer(std::string target, const url::UserinfoPtr& user) : parser_(Limits()) {
    request_ = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target +
               "\r\nUser-Agent: hon-http-client/1.1\r\n";
    if (user != nullptr) request_ += "Proxy-Authorization: " + BasicCredentialsOf(*user) + "\r\n";
    request_ += "\r\n";
  }

  Error Start(io::LinkBuffer& sealed) override {
    sealed.Write(request_);
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
      const std::string status(head.status_text);
      const int code = head.status;
      HON_RETURN_IF_ERROR(received.Skip(head.size));
      scan_ = {};
      if (code >= 200 && code < 300) {
        Done();
        return {};
      }
      if (code >= 200 || code == 101 || ++interim_ > kInterimAnswersMax) {
        return ProxyError("proxyconnect: the proxy answered " + status);
      }
    }
  }

 private:
  static adaptor::ParseLimits Limits() {
    return {.head_bytes_max = kProxyAnswerBytesMax, .fields_max = kResponseFieldsMax};
  }

  std::string request_;
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
class HandshakeLayer final : public io::RecordLayer {
 public:
  explicit HandshakeLayer(std::unique_ptr<io::RecordLayer> tls) : tls_(std::move(tls)) {}

  Error Start(io::LinkBuffer& sealed) override { return Marked(tls_->Start(sealed)); }
  Error Open(io::LinkBuffer& received, io::LinkBuffer& plain, io::LinkBuffer& sealed) override {
    if (first_) {
      // A TLS record begins with its content type, which is no letter (RFC 8446 §5.1).
      static constexpr std::string_view kHttp = "HTTP/";
      const std::string_view front = received.Front();
      if (front.starts_with(kHttp)) return http::ErrSchemeMismatch;
      if (received.Len() < kHttp.size() && kHttp.starts_with(front)) return {};
      first_ = false;
    }
    return Marked(tls_->Open(received, plain, sealed));
  }
  Error Seal(std::string_view plain, io::LinkBuffer& sealed) override {
    return Marked(tls_->Seal(plain, sealed));
  }
  void CloseOutput(io::LinkBuffer& sealed) override { tls_->CloseOutput(sealed); }
  [[nodiscard]] bool HandshakeDone() const override { return tls_->HandshakeDone(); }
  [[nodiscard]] bool InputEnded() const override { return tls_->InputEnded(); }
  [[nodiscard]] std::string_view ApplicationProtocol() const override {
    return tls_->ApplicationProtocol();
  }
  [[nodiscard]] const tls::ConnectionState* State() const override { return tls_->State(); }

 private:
  static Error Marked(const Error& err) {
    return err ? Error::Of(http::ErrHandshake, err.Message()) : Error();
  }

  std::unique_ptr<io::RecordLayer> tls_;
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

std::unique_ptr<io::RecordLayer> NewConnectLayer(std::string target, const url::UserinfoPtr& user) {
  return std::make_unique<ConnectLayer>(std::move(target), user);
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

std::unique_ptr<io::RecordLayer> NewHandshakeLayer(std::unique_ptr<io::RecordLayer> tls) {
  return std::make_unique<HandshakeLayer>(std::move(tls));
}

std::unique_ptr<io::RecordLayer> Stack(std::unique_ptr<io::RecordLayer> outer,
                                       std::unique_ptr<io::RecordLayer> inner) {
  if (outer == nullptr) return inner;
  if (inner == nullptr) return outer;
  return std::make_unique<StackedLayer>(std::move(outer), std::move(inner));
}

}  // namespace hon::client
