#pragma once

// A TLS connection with both ends in one thread, without sockets.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "hon/tls/context.h"
#include "support/xor_record_layer.h"

namespace hon::tls {

using test::RecordPeer;

inline const Certificate& CertificateFor(const std::string& name) {
  static std::map<std::string, Certificate> made;
  Certificate& one = made[name];
  if (!one) one = *SelfSigned({name, "127.0.0.1"});
  return one;
}

inline CertPool PoolOf(const Certificate& certificate) {
  CertPool pool;
  EXPECT_FALSE(pool.AddPEM(CertificatePEM(certificate)));
  return pool;
}

/// A server, a client, and the wire between them.
struct Pair {
  explicit Pair(Config server_config, Config client_config, const std::string& host = "a.test")
      : server_context(*ServerContext::Create(std::move(server_config))),
        loop(server_context),
        client_context(*ClientContext::Create(std::move(client_config))),
        server(loop.NewLayer()),
        client(*client_context->NewLayer(host)) {}

  /// Exchanges bytes until neither end has more; `cut` bytes at a time.
  void Exchange(size_t cut = SIZE_MAX) {
    const auto carry = [cut](RecordPeer& from, RecordPeer& to, Error& failure) {
      const std::string bytes = from.TakeSealed();
      for (size_t at = 0; at < bytes.size() && !failure;) {
        const std::string part = bytes.substr(at, cut);
        failure = to.Receive(part);
        at += part.size();
      }
      return !bytes.empty();
    };
    for (int i = 0; i < 20; ++i) {
      const bool up = carry(client, server, server_failure);
      const bool down = carry(server, client, client_failure);
      if (!up && !down) return;
    }
    ADD_FAILURE() << "the ends go on for ever";
  }
  [[nodiscard]] bool Done() {
    return server.Layer().HandshakeDone() && client.Layer().HandshakeDone();
  }
  [[nodiscard]] const ConnectionState& Seen() { return *server.Layer().State(); }

  std::shared_ptr<ServerContext> server_context;
  LoopContext loop;
  std::shared_ptr<ClientContext> client_context;
  RecordPeer server;
  RecordPeer client;
  Error server_failure;
  Error client_failure;
};

inline Config ServerConfig() { return {.Certificates = {CertificateFor("a.test")}}; }
inline Config ClientConfig() { return {.RootCAs = PoolOf(CertificateFor("a.test"))}; }

}  // namespace hon::tls
