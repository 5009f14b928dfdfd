#include "flags.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace hon::wire {

ParsedFlags ParseFlags(int argc, char** argv) {
  ParsedFlags parsed;
  Flags& flags = parsed.flags;
  std::string backend = "auto";
  std::string placement = "adaptive";
  CLI::App app("The conformance server.", "hon_wire_server");
  app.add_option("--addr", flags.address, "address to listen on");
  app.add_option("--backend", backend, "auto, io_uring, epoll or kqueue");
  app.add_option("--placement", placement, "inline, workers or adaptive");
  app.add_option("--max-workers", flags.workers, "maximum of worker threads");
  app.add_option("--loops", flags.loops, "event loops");
  app.add_option("--files", flags.files.dir, "the directory that /files/ serves");
  app.add_option("--file", flags.files.file, "the file that /file serves");
  app.add_option("--request-timeout-ms", flags.request_timeout);
  app.add_option("--read-header-timeout-ms", flags.read_header_timeout);
  app.add_option("--read-timeout-ms", flags.read_timeout);
  app.add_option("--write-timeout-ms", flags.write_timeout);
  app.add_option("--keep-alive-timeout-ms", flags.keep_alive_timeout);
  app.add_option("--shutdown-timeout-ms", flags.shutdown_timeout);
  app.add_option("--max-header-bytes", flags.header_bytes);
  app.add_option("--max-body-bytes", flags.body_bytes);
  app.add_option("--max-connections", flags.connections, "0: derived from the descriptor limit");
  app.add_option("--memory-mib", flags.memory_mib, "memory budget, 0: the library's");
  app.add_option("--idle-trim-ms", flags.idle_trim);
  app.add_option("--stall-ms", flags.stall, "when a loop counts as held, 0: never");
  app.add_flag("--proxy-protocol", flags.proxy_protocol,
               "takes headers of the PROXY protocol from the loopback");
  app.add_option("--tls-addr", flags.tls.address, "further address to listen on, with TLS");
  app.add_option("--cert", flags.tls.cert, "PEM file of the certificate and its chain");
  app.add_option("--key", flags.tls.key, "PEM file of the certificate's key");
  app.add_option("--sni", flags.tls.names, "NAME=CERT,KEY: a certificate for a further name");
  app.add_option("--client-ca", flags.tls.client_ca,
                 "PEM file of the authorities of client certificates");
  app.add_option("--client-auth", flags.tls.client_auth, "request, verify-if-given or require");
  app.add_option("--min-tls", flags.tls.min_version, "1.2 or 1.3");
  app.add_flag("--h2c", flags.h2c, "the plain listener takes HTTP/2, too");
  app.add_flag("--no-h2", flags.tls.no_http2, "the listener with TLS takes no HTTP/2");
  app.add_option("--upstream", flags.upstream.url,
                 "http(s):// or h2c:// URL that /proxy/ passes requests on to");
  app.add_option("--upstream-ca", flags.upstream.ca,
                 "PEM file of the authorities of its certificate");
  app.add_option("--upstream-at", flags.upstream.at,
                 "prefix in place of /proxy; / passes all requests on");
  try {
    app.parse(argc, argv);
    Result<netpoll::BackendKind> kind = netpoll::ParseBackend(backend);
    if (!kind) throw CLI::ValidationError(kind.error().Message());
    flags.backend = *kind;
    Result<engine::Placement> place = engine::ParsePlacement(placement);
    if (!place) throw CLI::ValidationError(place.error().Message());
    flags.placement = *place;
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error);
  }
  return parsed;
}

}  // namespace hon::wire
