#pragma once

#include <cstdint>
#include <string>

namespace hon::http {

/// A set of HTTP protocols, as Go's http.Protocols. The zero value is the empty set.
class Protocols {
 public:
  constexpr Protocols() = default;

  /// HTTP/1.0 and HTTP/1.1, on connections with and without TLS.
  [[nodiscard]] constexpr bool HTTP1() const { return Has(kHttp1); }
  constexpr void SetHTTP1(bool on) { Set(kHttp1, on); }
  /// HTTP/2 on connections with TLS, chosen by ALPN.
  [[nodiscard]] constexpr bool HTTP2() const { return Has(kHttp2); }
  constexpr void SetHTTP2(bool on) { Set(kHttp2, on); }
  /// HTTP/2 on connections without TLS, recognized by its preface (RFC 9113 §3.3).
  [[nodiscard]] constexpr bool UnencryptedHTTP2() const { return Has(kUnencryptedHttp2); }
  constexpr void SetUnencryptedHTTP2(bool on) { Set(kUnencryptedHttp2, on); }

  /// "{HTTP1,HTTP2}".
  [[nodiscard]] std::string String() const;

  friend constexpr bool operator==(Protocols, Protocols) = default;

 private:
  enum Bit : uint8_t { kHttp1 = 1, kHttp2 = 2, kUnencryptedHttp2 = 4 };

  [[nodiscard]] constexpr bool Has(Bit bit) const { return (bits_ & bit) != 0; }
  constexpr void Set(Bit bit, bool on) {
    bits_ = static_cast<uint8_t>(on ? bits_ | bit : bits_ & ~bit);
  }

  uint8_t bits_ = 0;
};

}  // namespace hon::http
