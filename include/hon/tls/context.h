#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/result.h"
#include "hon/io/record_layer.h"
#include "hon/tls/config.h"

namespace hon::tls {

class TicketKeys;
struct CertificateSet;

/// The server side of a Config, for any number of loops. Methods may be called from any thread.
class ServerContext {
 public:
  /// Fails when the config has no certificate, when it verifies clients without ClientCAs, or when
  /// a version or protocol in it is impossible.
  static Result<std::shared_ptr<ServerContext>> Create(Config config);
  ~ServerContext();
  ServerContext(const ServerContext&) = delete;
  ServerContext& operator=(const ServerContext&) = delete;

  /// Replaces the certificates for handshakes that begin from now on. Fails, and keeps the old
  /// ones, when one of the new ones is not valid now.
  Error SetCertificates(std::vector<Certificate> certificates);
  /// Reads those certificates anew that came from files, and replaces all of them or, with an
  /// error, none.
  Error Reload();
  /// Seals tickets with the first of these from now on, and takes tickets of the others too, as
  /// Go's Config.SetSessionTicketKeys: the machines behind one name are given the same. They are
  /// no longer replaced each day; that becomes the caller's business. Fails without a key and with
  /// more than kSessionTicketKeysMax.
  Error SetSessionTicketKeys(const std::vector<SessionTicketKey>& keys);
  /// When the first of the certificates ends to be valid.
  [[nodiscard]] std::chrono::system_clock::time_point NotAfter() const;

  [[nodiscard]] const Config& GetConfig() const { return config_; }

 private:
  friend class LoopContext;

  explicit ServerContext(Config config);
  [[nodiscard]] std::shared_ptr<const CertificateSet> Certificates() const;

  const Config config_;
  std::unique_ptr<TicketKeys> tickets_;
  mutable std::mutex mutex_;  // of what follows
  std::shared_ptr<const CertificateSet> certificates_;
  std::atomic<uint64_t> generation_{0};  // of certificates_
};

/// What one loop has of a ServerContext: parsed keys of its own, so that loops share no counters.
/// Used on its loop's thread; must outlive the layers that it has made.
class LoopContext {
 public:
  /// `offered` are the protocols of HTTP that the listener serves, best first ("h2", "http/1.1"):
  /// of these two, those that are missing in NextProtos are added behind, and those that are not
  /// served are left out, as Go's Server does. Without `offered` NextProtos are as they are.
  explicit LoopContext(std::shared_ptr<ServerContext> server,
                       std::vector<std::string> offered = {});
  ~LoopContext();
  LoopContext(const LoopContext&) = delete;
  LoopContext& operator=(const LoopContext&) = delete;

  /// The server's end of a connection. No TLS object is made before a whole ClientHello is there.
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

  /// The client's end of a connection to `host`, a DNS name or an IP address without brackets,
  /// which the server's certificate must be for.
  Result<std::unique_ptr<io::RecordLayer>> NewLayer(std::string_view host);

  struct Impl;

 private:
  explicit ClientContext(std::shared_ptr<Impl> impl);

  std::shared_ptr<Impl> impl_;
};

}  // namespace hon::tls
