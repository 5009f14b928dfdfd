#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "hon/client/transport.h"
#include "hon/engine/engine.h"
#include "hon/http/serve_mux.h"
#include "hon/httputil/reverse_proxy.h"
#include "support/eventually.h"
#include "support/scripted_server.h"
#include "support/test_server.h"

namespace hon::test {

/// A ReverseProxy on a server of its own, on both backends.
class ProxyTest : public BackendTest {
 protected:
  /// Passes everything to `target`; called before Serve.
  void To(std::string_view target) {
    proxy_.Rewrite = [url = *url::Parse(target)](httputil::ProxyRequest& r) { r.SetURL(url); };
  }
  /// Starts the server, and returns its address.
  const std::string& Serve(client::TransportOptions options = {}) {
    proxy_.Transport = std::make_shared<client::Transport>(std::move(options));
    proxy_.ErrorLog = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_.emplace_back(line);
    };
    server_ = std::make_unique<TestServer>(engine_, GetParam());
    return server_->Address();
  }
  /// Ends the server, before the proxy is changed.
  void Stop() { server_.reset(); }
  [[nodiscard]] std::vector<std::string> Logged() {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  static std::string Get(std::string_view path, std::string_view fields = "") {
    return std::string("GET ").append(path).append(" HTTP/1.1\r\nHost: front.test\r\n") +
           std::string(fields) + "\r\n";
  }

  httputil::ReverseProxy proxy_;
  engine::Engine engine_{proxy_};

 private:
  std::mutex mutex_;
  std::vector<std::string> log_;
  std::unique_ptr<TestServer> server_;
};

}  // namespace hon::test
