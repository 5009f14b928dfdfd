#pragma once

// The server: listeners, loops, options, start and graceful shutdown around one engine.

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/appcontext/context.h"
#include "hon/base/error.h"
#include "hon/base/result.h"
#include "hon/engine/engine.h"
#include "hon/http/http2_config.h"
#include "hon/http/protocols.h"
#include "hon/http/server_context.h"
#include "hon/netpoll/loop.h"
#include "hon/server/inherited.h"
#include "hon/server/proxy_protocol.h"
#include "hon/server/record_layers.h"

namespace hon::tls {
struct Config;
class ServerContext;
}  // namespace hon::tls

namespace hon::server {

/// Makes the context above all requests that come through one listener, from its address.
using BaseContextHook = std::function<appcontext::Context(std::string_view address)>;

/// The default: HTTP/1, and HTTP/2 over TLS.
inline constexpr http::Protocols kDefaultProtocols = [] {
  http::Protocols protocols;
  protocols.SetHTTP1(true);
  protocols.SetHTTP2(true);
  return protocols;
}();

/// For how long Shutdown lets TCP handshakes end that have begun before: peers whose last segment
/// takes longer are reset.
inline constexpr Duration kHandshakeGraceMax = std::chrono::milliseconds(50);

/// The cap of WithPublicProfile: browsers open at most six connections to a host, so that it leaves
/// room for the clients behind one NAT.
inline constexpr size_t kPublicConnectionsPerIPMax = 256;

/// A program that takes over the listening sockets of this one, such as its new version.
struct Successor {
  std::string program{};                 // the path of its file
  std::vector<std::string> arguments{};  // the first one is its name
  Duration ready_timeout = std::chrono::seconds(30);
};

struct Options {
  engine::ConnSettings conn;
  engine::ConnHooks hooks;
  BaseContextHook base_context;
  Duration hijacked_grace = std::chrono::seconds(10);
  Duration idle_grace{};
  size_t connections_max = 0;  // 0: derived from the descriptor limit
  size_t connections_per_ip_max = SIZE_MAX;
  size_t in_flight_max = SIZE_MAX;
  unsigned loops = 0;  // 0: the cores this process may use
  netpoll::BackendKind backend = netpoll::BackendKind::kAuto;
  bool reuse_port = false;
  unsigned unix_mode = 0;  // 0: by the umask
  std::shared_ptr<InheritedSockets> inherited = nullptr;
  std::optional<ProxyProtocol> proxy_protocol = std::nullopt;
  http::Protocols protocols = kDefaultProtocols;
  std::shared_ptr<const tls::Config> tls = nullptr;  // of WithTLS
  size_t stack_bytes = 256 * 1024;
  size_t memory_budget = 0;  // 0: half of the memory that this process may use
  Duration idle_trim = engine::kIdleTrimTime;
};

/// The least memory budget of a server: what its loops need without a connection.
inline constexpr size_t kMemoryBudgetMin = size_t{16} << 20;

using Option = std::function<void(Options&)>;

/// Reading a request's body may wait this long for the client, added up (30 s); then the reader
/// gets io::ErrDeadlineExceeded. A client that sent engine::kPeerRateBytesMin bytes for each second
/// of this time gets the same time again. kUnlimited lifts the limit.
Option WithReadTimeout(Duration timeout);
/// A started head must be complete within this time (10 s); otherwise 408 and a close.
Option WithReadHeaderTimeout(Duration timeout);
/// As WithReadTimeout, for an answer that waits for the client to read (30 s); then the connection
/// is cut. A handler's own time does not count.
Option WithWriteTimeout(Duration timeout);
/// A kept-alive connection may be idle for this long (120 s).
Option WithKeepAliveTimeout(Duration timeout);
/// Bytes of a request head (1 MiB, and 4,096 of slack as in Go); then 431.
Option WithMaxHeaderBytes(size_t bytes_max);
/// Fields of a request head (500); then 431.
Option WithMaxHeaderFields(size_t fields_max);
/// Bytes of a request body (4 GiB); then 413.
Option WithMaxBodyBytes(int64_t bytes_max);
/// Connections at once, over all loops, hijacked ones too (default: the descriptor limit, less a
/// reserve); one more is answered 503 and closed.
Option WithMaxConnections(size_t connections_max);
/// As WithMaxConnections for one IPv4 address, or one IPv6 network of 64 bits (default: unlimited,
/// since behind a proxy all connections come from one address).
Option WithMaxConnectionsPerIP(size_t connections_max);
/// The profile of a server that strangers reach without a proxy in between: at most
/// kPublicConnectionsPerIPMax connections of one address. Deadlines and the least rate of peers
/// (engine::kPeerRateBytesMin) are on by default. Options behind this one may change the cap.
Option WithPublicProfile();
/// Requests served at once, over all loops (default: as many as there are connections); one more is
/// answered 503 and its connection closed.
Option WithMaxInFlight(size_t requests_max);
/// Calls `hook` whenever the state of a connection changes (engine/conn_hooks.h).
Option WithConnState(engine::ConnStateHook hook);
/// `hook` makes the context above all requests of a listener. Listen calls the hook, and fails with
/// its exception. The contexts of requests see the values of that context and end when it ends.
Option WithBaseContext(BaseContextHook hook);
/// `hook` makes the context above the requests of one connection, from the one of its listener.
Option WithConnContext(engine::ConnContextHook hook);
/// Binds http::LocalAddrContextKey in the contexts of requests. Costs every connection, idle ones
/// too, a few hundred bytes.
Option WithLocalAddrValue();
/// After the start of a shutdown, hijacked connections have this long to end by themselves (10 s);
/// then they are closed. See Server::Shutdown.
Option WithHijackedGrace(Duration grace);
/// After the start of a shutdown, a kept-alive connection may send one more request for this long,
/// which is answered with `Connection: close`. By default (0) the connection is closed at once, as
/// in Go, and a request already on its way is lost. Answers that end during the shutdown close
/// their connections, so under load few connections wait for all of the time.
Option WithIdleGrace(Duration grace);
/// Event loops, each a thread (the cores that the process may use).
Option WithLoops(unsigned loops);
/// Default: io_uring where the kernel allows it, else epoll or kqueue.
Option WithBackend(netpoll::BackendKind backend);
/// Shares TCP addresses with other processes of the same user that set this option too
/// (SO_REUSEPORT): the kernel spreads new connections over all of them, and a new version can start
/// before the old one ends. Without this option a second process, or a second server of this one,
/// gets EADDRINUSE from Listen, whether or not it sets SO_REUSEPORT.
Option WithReusePort();
/// The served protocols (default: HTTP/1, and HTTP/2 over TLS). Listeners with TLS offer them by
/// ALPN, HTTP/2 first. On other listeners, where both are served, the first bytes of a connection
/// decide (RFC 9113 §3.3). With an empty set Listen fails.
Option WithProtocols(http::Protocols protocols);
/// The settings of HTTP/2 (hon/http/http2_config.h), as Go's Server.HTTP2.
Option WithHTTP2(http::HTTP2Config config);
/// Limits of HTTP/2 that Go's HTTP2Config has no fields for (hon/engine/settings.h).
Option WithHTTP2Limits(engine::Http2Limits limits);
/// The Config of listeners with TLS that get none of their own, as Go's Server.TLSConfig.
/// Needs hon/tls/config.h.
Option WithTLS(tls::Config config);
/// The mode of the files of unix sockets, such as 0660 (default: 0777 less the umask). The file
/// never has a wider mode.
Option WithUnixSocketMode(unsigned mode);
/// Where the process was started with a listening socket for an address, Listen takes that socket
/// and binds none; the address "systemd:NAME" takes the sockets with that name. Such a socket may
/// belong to other processes too, and goes on listening after Shutdown and Close.
Option WithInheritedSockets(std::shared_ptr<InheritedSockets> sockets);
/// Connections of trusted proxies begin with the header of the PROXY protocol, which names the
/// client: Request::RemoteAddr, the limits for each address and the events show the client. With
/// TLS the header stands before the ClientHello.
Option WithProxyProtocol(ProxyProtocol settings);
/// Stack of a handler's fiber (256 KiB), committed as it is touched.
Option WithStackBytes(size_t bytes);

/// Bytes of received and unsent data, over all loops (default: half of the memory that the machine,
/// the cgroups and the resource limits leave to this process; at least kMemoryBudgetMin; SIZE_MAX
/// lifts the limit). From seven eighths on, new connections and requests are answered 503 with
/// `Retry-After`. Above the whole budget, and where refusing has not helped for 100 ms, the
/// connections that hold the most bytes are cut until a quarter is free. Stacks of handlers and
/// memory that handlers allocate are not counted.
Option WithMemoryBudget(size_t bytes_max);
/// A server without new connections and requests for this long gives free memory back to the system
/// (20 s; kUnlimited: never).
Option WithIdleTrim(Duration time);

/// Counters of one server. Each is exact, but they may be of different moments.
struct Stats {
  uint64_t requests = 0;  // requests whose handlers were called so far
  /// Connections now, hijacked ones too, for each loop; the standby loop comes last, once a handler
  /// has held a loop (docs/CONCURRENCY.md).
  std::vector<size_t> loop_connections{};
  engine::Http2Stats http2{};
};

/// Serves one engine on any number of addresses. Methods may be called from any thread, but the
/// ones that start or end something from plain threads only: in a handler they return an error.
class Server {
 public:
  /// `engine` must outlive the server.
  template <std::convertible_to<Option>... With>
  explicit Server(engine::Engine& engine, With... options) : Server(engine, Options{}) {
    (Option(std::move(options))(GetOptions()), ...);
  }
  /// Closes, and waits for the handlers that still run.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds `address` and starts to accept there; returns at once. May be called several times.
  /// ":8080", "127.0.0.1:0", "[::1]:80", "unix:/path", or "systemd:NAME" for all sockets of
  /// WithInheritedSockets with that name; "" is ":http". The error names the address and the
  /// reason: EADDRINUSE for an address with a listener, also of this server (see WithReusePort),
  /// and for a unix socket whose file exists; http::ErrServerClosed once Shutdown or Close was
  /// called.
  Error Listen(std::string_view address);
  /// Listen with an inherited listening descriptor.
  Error ListenFd(int fd);
  /// Listen over TLS with the Config of WithTLS. Fails where the library was built without TLS.
  ///
  /// ALPN offers the Config's NextProtos, without "h2" and "http/1.1" where WithProtocols excludes
  /// them, and followed by those of the two that are served.
  Error ListenTLS(std::string_view address);
  /// Listen over TLS with `config`. Needs hon/tls/config.h.
  Error ListenTLS(std::string_view address, tls::Config config);
  /// Listen over TLS with the Config of WithTLS, but with the certificate of these PEM files: a
  /// certificate's chain and its key. Two empty names mean ListenTLS without files.
  Error ListenTLS(std::string_view address, const std::string& cert_file,
                  const std::string& key_file);
  /// Listen over TLS with certificates that the caller can replace while the server runs
  /// (hon/tls/context.h).
  Error ListenTLS(std::string_view address, std::shared_ptr<tls::ServerContext> context);
  /// Listen over record layers of any kind.
  Error ListenRecords(std::string_view address, NewRecordLayers layers);
  /// ListenFd over TLS, as ListenTLS with the same files, and Serve.
  Error ServeTLS(int fd, const std::string& cert_file, const std::string& key_file);
  /// Blocks until Shutdown has finished or Close was called, and returns http::ErrServerClosed.
  Error Serve();
  /// Listen and Serve.
  Error Serve(std::string_view address);
  /// ListenTLS and Serve; "" is ":https".
  Error ListenAndServeTLS(std::string_view address, const std::string& cert_file,
                          const std::string& key_file);

  /// Ends the server gracefully:
  /// 1. No new peer is let in, also where a handler holds a loop; connections in the kernel's queue
  ///   are served, and handshakes that have begun may end within kHandshakeGraceMax, for which this
  ///   call waits (unless `context` has ended). The functions of RegisterOnShutdown start;
  ///   http::ShutdownContext ends for all handlers. The contexts of requests go on.
  /// 2. Connections that wait for a request are closed (see WithIdleGrace), new ones 500 ms after
  ///   their accept. Running requests, and requests whose bytes have begun to arrive, are answered
  ///   with `Connection: close`.
  /// 3. Hijacked connections are awaited too. At the end of WithHijackedGrace they are closed:
  ///   their reads and writes fail with http::ErrServerClosed.
  /// Returns none when no connection is left, or the error of `context` when that ends first: then
  /// the hijacked connections are closed at once, and running requests are left alone; Close or
  /// another Shutdown may follow.
  Error Shutdown(const appcontext::Context& context);
  /// Cuts every connection, hijacked ones too, and returns; the contexts of requests end. The
  /// connections of a loop that a handler holds are cut once the handler has returned; Close does
  /// not wait for that.
  Error Close();
  /// Starts a program that accepts from the same listening sockets, and waits until it serves
  /// (InheritedSockets::TellPredecessor). Returns its process id. A following Shutdown then refuses
  /// and loses no connection, http::ShutdownContext ends with http::ErrServerReplaced, and
  /// WebSockets are closed with 1012 in place of 1001. A program that ends, or is not ready in
  /// time, is killed, and this server goes on as before. Fails in a handler.
  Result<int> StartSuccessor(const Successor& successor);
  /// Cuts the connections that are open now, but for hijacked ones; the server goes on.
  void CloseConnections();
  /// Registers a function that Shutdown calls at its beginning, on a thread of its own that ~Server
  /// waits for (on Shutdown's thread where no thread can be started). Close does not call it. The
  /// function should start the end of its connections or work, and not await that end. An exception
  /// that leaves the function is reported (engine::Event::Kind::kCallback).
  void RegisterOnShutdown(std::function<void()> function);
  /// False: answers carry `Connection: close`, and idle connections are closed at once.
  void SetKeepAlivesEnabled(bool enabled);

  /// The bound addresses as Listen takes them, with the ports that the kernel chose.
  [[nodiscard]] std::vector<std::string> Addresses() const;
  /// "io_uring", "epoll", ...; once Listen has succeeded.
  [[nodiscard]] std::string_view Backend() const;
  /// Number of loops, once Listen has succeeded.
  [[nodiscard]] unsigned Loops() const;
  /// Connections served now; hijacked ones do not count.
  [[nodiscard]] size_t Connections() const;
  /// The longest time for which a loop has not waited for events now: a handler holds it.
  [[nodiscard]] Duration HeldFor() const;
  /// Collects the counters of all loops; once Listen has succeeded.
  [[nodiscard]] Stats GetStats() const;

 private:
  class Impl;
  Server(engine::Engine& engine, Options options);
  Options& GetOptions();
  Error ListenFd(int fd, NewRecordLayers layers);
  [[nodiscard]] std::function<void(const engine::Event&)> Reporter() const;

  std::unique_ptr<Impl> impl_;
};

/// Serves `handler` with default options until the process ends.
Error ListenAndServe(std::string_view address, http::Handler& handler);
/// ListenAndServe over TLS; "" is ":https".
Error ListenAndServeTLS(std::string_view address, const std::string& cert_file,
                        const std::string& key_file, http::Handler& handler);

}  // namespace hon::server
