#include "flags.h"

#include <CLI/CLI.hpp>

namespace hon::wire {
namespace {

void AddRequestOptions(CLI::App& app, ClientFlags& flags) {
  app.add_option("urls", flags.urls, "one request each, in order; ws and wss: one message each")
      ->required();
  app.add_option("--method", flags.method);
  app.add_option("--header", flags.header, "'Name: value', repeatable")->allow_extra_args(false);
  app.add_option("--trailer", flags.trailer, "'Name: value', repeatable")->allow_extra_args(false);
  app.add_option("--body", flags.body, "the body's text");
  app.add_option("--body-file", flags.body_file, "the file that is the body");
  app.add_option("--body-length", flags.body_length, "a body of so many bytes 0123456789abcdef...");
  app.add_flag("--chunked", flags.chunked, "do not tell the length of the body");
  app.add_flag("--expect", flags.expect, "Expect: 100-continue");
  app.add_option("--concurrency", flags.concurrency, "requests at a time");
  app.add_option("--repeat", flags.repeat, "the list of URLs so many times");
  app.add_option("--sleep-between", flags.sleep_between, "milliseconds between two requests");
  app.add_flag("--dump", flags.dump, "show the head of the request as it was sent");
}

void AddClientOptions(CLI::App& app, ClientFlags& flags) {
  app.add_option("--timeout", flags.timeout, "milliseconds for each request as a whole");
  app.add_option("--max-redirects", flags.max_redirects);
  app.add_flag("--no-redirects", flags.no_redirects);
  app.add_flag("--cookies", flags.cookies, "a cookie jar for the run");
}

void AddTransportOptions(CLI::App& app, ClientFlags& flags) {
  app.add_flag("--http1", flags.http1, "HTTP/1.1 only");
  app.add_flag("--http2", flags.http2, "HTTP/2 only, over TLS");
  app.add_flag("--h2c", flags.h2c, "HTTP/2 by prior knowledge");
  app.add_option("--ca", flags.tls.ca, "PEM file of the roots that are trusted");
  app.add_flag("--insecure", flags.tls.insecure, "take any certificate");
  app.add_option("--cert", flags.tls.cert, "PEM file of the client's certificate");
  app.add_option("--key", flags.tls.key, "PEM file of its key");
  app.add_option("--server-name", flags.tls.server_name);
  app.add_option("--proxy", flags.proxy, "http, https, socks5 or socks5h URL");
  app.add_flag("--no-env-proxy", flags.no_env_proxy, "do not look at HTTP_PROXY and others");
  app.add_option("--dial-timeout", flags.dial_timeout);
  app.add_option("--header-timeout", flags.header_timeout);
  app.add_option("--expect-timeout", flags.expect_timeout);
  app.add_option("--idle-timeout", flags.idle_timeout);
  app.add_flag("--no-decompress", flags.no_decompress);
  app.add_option("--max-header-bytes", flags.max_header_bytes);
  app.add_option("--max-conns-per-host", flags.max_conns_per_host);
  app.add_option("--max-idle-per-host", flags.max_idle_per_host);
  app.add_flag("--no-keep-alive", flags.no_keep_alive);
  app.add_flag("--threads", flags.threads, "call from plain threads instead of fibers");
}

void CheckPairs(const std::vector<std::string>& pairs) {
  for (const std::string& pair : pairs) {
    if (pair.find(':') == std::string::npos || pair.starts_with(':')) {
      throw CLI::ValidationError("not 'Name: value': " + pair);
    }
  }
}

}  // namespace

ParsedClientFlags ParseClientFlags(int argc, char** argv) {
  ParsedClientFlags parsed;
  ClientFlags& flags = parsed.flags;
  std::string backend = "auto";
  CLI::App app("The conformance client.", "hon_wire_client");
  AddRequestOptions(app, flags);
  AddClientOptions(app, flags);
  AddTransportOptions(app, flags);
  app.add_option("--backend", backend, "auto, io_uring, epoll or kqueue");
  try {
    app.parse(argc, argv);
    CheckPairs(flags.header);
    CheckPairs(flags.trailer);
    Result<netpoll::BackendKind> kind = netpoll::ParseBackend(backend);
    if (!kind) throw CLI::ValidationError(kind.error().Message());
    flags.backend = *kind;
    if (flags.concurrency == 0) throw CLI::ValidationError("--concurrency is at least 1");
    if (flags.tls.cert.empty() != flags.tls.key.empty()) {
      throw CLI::ValidationError("--cert and --key go together");
    }
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error) == 0 ? 0 : 2;
  }
  return parsed;
}

std::pair<std::string, std::string> SplitPair(const std::string& pair) {
  const size_t colon = pair.find(':');
  return {pair.substr(0, colon), pair.substr(colon + 1)};
}

}  // namespace hon::wire
