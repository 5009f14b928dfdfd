#include <algorithm>

#include "hon/server/server.h"

namespace hon::server {

Option WithReadTimeout(Duration timeout) {
  return [timeout](Options& options) { options.conn.read_timeout = timeout; };
}

Option WithReadHeaderTimeout(Duration timeout) {
  return [timeout](Options& options) { options.conn.read_header_timeout = timeout; };
}

Option WithWriteTimeout(Duration timeout) {
  return [timeout](Options& options) { options.conn.write_timeout = timeout; };
}

Option WithKeepAliveTimeout(Duration timeout) {
  return [timeout](Options& options) { options.conn.keep_alive_timeout = timeout; };
}

Option WithMaxHeaderBytes(size_t bytes_max) {
  return [bytes_max](Options& options) { options.conn.header_bytes_max = bytes_max; };
}

Option WithMaxHeaderFields(size_t fields_max) {
  return [fields_max](Options& options) { options.conn.header_fields_max = fields_max; };
}

Option WithMaxBodyBytes(int64_t bytes_max) {
  return [bytes_max](Options& options) { options.conn.body_bytes_max = bytes_max; };
}

Option WithMaxConnections(size_t connections_max) {
  return [connections_max](Options& options) { options.connections_max = connections_max; };
}

Option WithMaxConnectionsPerIP(size_t connections_max) {
  return [connections_max](Options& options) { options.connections_per_ip_max = connections_max; };
}

Option WithPublicProfile() { return WithMaxConnectionsPerIP(kPublicConnectionsPerIPMax); }

Option WithMaxInFlight(size_t requests_max) {
  return [requests_max](Options& options) { options.in_flight_max = requests_max; };
}

Option WithConnState(engine::ConnStateHook hook) {
  return [hook = std::move(hook)](Options& options) { options.hooks.on_state = hook; };
}

Option WithBaseContext(BaseContextHook hook) {
  return [hook = std::move(hook)](Options& options) { options.base_context = hook; };
}

Option WithConnContext(engine::ConnContextHook hook) {
  return [hook = std::move(hook)](Options& options) { options.hooks.context = hook; };
}

Option WithLocalAddrValue() {
  return [](Options& options) { options.hooks.local_addr_value = true; };
}

Option WithHijackedGrace(Duration grace) {
  return [grace](Options& options) { options.hijacked_grace = grace; };
}

Option WithLoops(unsigned loops) {
  return [loops](Options& options) { options.loops = loops; };
}

Option WithBackend(netpoll::BackendKind backend) {
  return [backend](Options& options) { options.backend = backend; };
}

Option WithReusePort() {
  return [](Options& options) { options.reuse_port = true; };
}

Option WithHTTP2Limits(engine::Http2Limits limits) {
  return [limits](Options& options) { options.conn.http2_limits = limits; };
}

Option WithHTTP2(http::HTTP2Config config) {
  return [config = std::move(config)](Options& options) { options.conn.http2 = config; };
}

Option WithProtocols(http::Protocols protocols) {
  return [protocols](Options& options) { options.protocols = protocols; };
}

Option WithIdleGrace(Duration grace) {
  return [grace](Options& options) { options.idle_grace = grace; };
}

Option WithUnixSocketMode(unsigned mode) {
  return [mode](Options& options) { options.unix_mode = mode; };
}

Option WithInheritedSockets(std::shared_ptr<InheritedSockets> sockets) {
  return [sockets = std::move(sockets)](Options& options) { options.inherited = sockets; };
}

Option WithProxyProtocol(ProxyProtocol settings) {
  return [settings = std::move(settings)](Options& options) { options.proxy_protocol = settings; };
}

Option WithStackBytes(size_t bytes) {
  return [bytes](Options& options) { options.stack_bytes = bytes; };
}

Option WithMemoryBudget(size_t bytes_max) {
  return [bytes_max](Options& options) {
    options.memory_budget = std::max(bytes_max, kMemoryBudgetMin);
  };
}

Option WithIdleTrim(Duration time) {
  return [time](Options& options) { options.idle_trim = time; };
}

}  // namespace hon::server
