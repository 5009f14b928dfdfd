#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/result.h"
#include "hon/io/record_layer.h"
#include "hon/tls/config.h"

namespace hon::tls {

class CertificateChecker;
class TicketKeys;
struct CertificateSet;

/// Counters of a ServerContext, since its creation.
struct ServerStats {
  uint64_t handshakes = 0;  // completed handshakes
  uint64_t resumed = 0;     // completed handshakes with a ticket
  uint64_t failures = 0;    // handshakes that failed because of the peer's bytes
  uint64_t floods = 0;      // connections that passed a limit of hon/tls/limits.h
  uint64_t reloads = 0;     // of certificates: by Reload, SetCertificates or a check of the files
  uint64_t reload_failures = 0;
};

/// The server side of a Config, for any number of loops. Methods may be called from any thread.
class ServerContext {
 public:
  /// Fails when the config has no certificate, when it verifies clients without ClientCAs, or when
  /// it has an invalid version or protocol.
  static Result<std::shared_ptr<ServerContext>> Create(Config config);
  ~ServerContext();
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;

  /// Replaces the certificates for later handshakes. Fails, and keeps the old certificates, when
  /// one of the new ones is not valid at present.
  Error SetCertificates(std::vector<Certificate> certificates);
  /// Reads the certificates that came from files anew, and replaces all of them or, on an error,
  /// none.
  Error Reload();
  /// Encrypts tickets with the first key from now on, and accepts tickets of all keys, as Go's
  /// Config.SetSessionTicketKeys: all machines of one name get the same keys. The daily
  /// replacement of keys ends; replacing them is up to the caller. Fails without a key and with
  /// more than kSessionTicketKeysMax.
  Error SetSessionTicketKeys(const std::vector<SessionTicketKey>& keys);
  /// The earliest end of a certificate's validity.
  [[nodiscard]] std::chrono::system_clock::time_point NotAfter() const;

  /// The files of the certificates, each once.
  [[nodiscard]] std::vector<std::string> CertificateFiles() const;
  /// Whole days until NotAfter; negative after NotAfter.
  [[nodiscard]] int64_t DaysLeft() const;
  [[nodiscard]] ServerStats GetStats() const;

  [[nodiscard]] const Config& GetConfig() const { return config_; }

 private:
  friend class CertificateChecker;
  friend class LoopContext;
  friend class ServerLayer;

  struct Counters {
    std::atomic<uint64_t> handshakes{0};
    std::atomic<uint64_t> resumed{0};
    std::atomic<uint64_t> failures{0};
    std::atomic<uint64_t> floods{0};
    std::atomic<uint64_t> reloads{0};
    std::atomic<uint64_t> reload_failures{0};
  };

  explicit ServerContext(Config config);
  [[nodiscard]] std::shared_ptr<const CertificateSet> Certificates() const;

  Error Replace(std::vector<Certificate> certificates);
  Error Reread();

  const Config config_;
  Counters counters_;
  std::unique_ptr<TicketKeys> tickets_;
  mutable std::mutex mutex_;  // guards the members below
  std::shared_ptr<const CertificateSet> certificates_;
  std::atomic<uint64_t> generation_{0};        // of certificates_
  std::weak_ptr<CertificateChecker> checker_;  // of the watches
};

/// One loop's part of a ServerContext: parsed keys of its own, so that loops share no counters.
/// Used on its loop's thread; must outlive the layers that it has made.
class LoopContext {
 public:
  /// `offered` are the protocols of HTTP that the listener serves, best first ("h2", "http/1.1").
  /// Of these two protocols, those that NextProtos lacks are appended, and those that the listener
  /// does not serve are left out, as Go's Server does. Without `offered`, NextProtos are used
  /// unchanged.
  explicit LoopContext(std::shared_ptr<ServerContext> server,
                       std::vector<std::string> offered = {});
  ~LoopContext();
  LoopContext(const LoopContext&) = delete;
  LoopContext& operator=(const LoopContext&) = delete;

  /// The server end of a connection. No TLS object is made before a whole ClientHello has arrived.
  std::unique_ptr<io::RecordLayer> NewLayer();
  [[nodiscard]] Duration HandshakeTimeout() const;

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;  // shared with the layers
};

/// The client side of a Config. Methods may be called from any thread.
class ClientContext {
 public:
  static Result<std::shared_ptr<ClientContext>> Create(Config config);
  ~ClientContext();
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  /// The client side of a connection to `host`, a DNS name or an IP address without brackets. The
  /// server's certificate must be for `host`.
  ///
  /// Sessions are resumed with the tickets that servers gave to this context for the same name and
  /// `route`. `route` distinguishes servers of one name, for example by port.
  Result<std::unique_ptr<io::RecordLayer>> NewLayer(std::string_view host,
                                                    std::string_view route = {});
  /// As NewLayer, but offers `protocols` by ALPN, best first, in place of NextProtos.
  Result<std::unique_ptr<io::RecordLayer>> NewLayerOffering(
      std::string_view host, const std::vector<std::string>& protocols,
      std::string_view route = {});
  /// Whether the Config has NextProtos.
  [[nodiscard]] bool OffersProtocols() const;

  struct Impl;

 private:
  explicit ClientContext(std::shared_ptr<Impl> impl);

  std::shared_ptr<Impl> impl_;
};

}  // namespace hon::tls
