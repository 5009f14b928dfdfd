#include "flags.h"

#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace hon::app {
namespace {

// Go's flag package takes "-type custom" as well as "--type custom"; so does this program.
std::vector<std::string> WithDoubleDashes(int argc, char** argv) {
  std::vector<std::string> arguments;
  for (int i = argc - 1; i > 0; --i) {  // CLI11 expects the last argument first
    const std::string_view argument = argv[i];
    const bool single = argument.size() > 2 && argument[0] == '-' && argument[1] != '-' &&
                        (argument[1] < '0' || argument[1] > '9');
    arguments.push_back(single ? "-" + std::string(argument) : std::string(argument));
  }
  return arguments;
}

// "10s", "500ms", "2m"; a bare number is seconds.
std::string ReadTime(const std::string& text, std::chrono::milliseconds& into) {
  double value = 0;
  const auto [unit_begin, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc()) return "invalid time: " + text;
  const std::string_view unit(unit_begin,
                              static_cast<size_t>(text.data() + text.size() - unit_begin));
  double scale = 0;
  if (unit == "ms") scale = 1;
  if (unit == "s" || unit.empty()) scale = 1000;
  if (unit == "m") scale = 60 * 1000;
  if (unit == "h") scale = 3600 * 1000;
  constexpr double kMillisecondsMax = 1e12;
  if (scale == 0 || !(value > 0) || value * scale > kMillisecondsMax) {
    return "invalid time (try 10s, 500ms, 2m): " + text;
  }
  into = std::chrono::milliseconds(static_cast<int64_t>(value * scale));
  return {};
}

// "" for a regular file that this process may read.
std::string WhyUnreadable(const std::string& path) {
  struct stat info {};
  const auto failed = [&](int code) {
    return Error::System(code, "cannot serve " + path).Message();
  };
  if (::stat(path.c_str(), &info) != 0 || ::access(path.c_str(), R_OK) != 0) return failed(errno);
  if (S_ISREG(info.st_mode)) return {};
  return S_ISDIR(info.st_mode) ? failed(EISDIR) : "cannot serve " + path + ": not a regular file";
}

void AddTime(CLI::App& app, const char* name, std::chrono::milliseconds& into, const char* what) {
  app.add_option_function<std::string>(
         name,
         [&into](const std::string& text) {
           if (std::string problem = ReadTime(text, into); !problem.empty()) {
             throw CLI::ValidationError(problem);
           }
         },
         what)
      ->type_name("TIME")
      ->default_str(into.count() % 1000 == 0 ? std::to_string(into.count() / 1000) + "s"
                                             : std::to_string(into.count()) + "ms");
}

}  // namespace

ParsedFlags ParseFlags(int argc, char** argv) {
  ParsedFlags parsed;
  Flags& flags = parsed.flags;
  CLI::App app("An HTTP server: net/http handlers on an event loop.", "hon");
  app.set_version_flag("--version", "hon " HON_VERSION);
  app.footer("hon bench [--help]: measures this server beside others.");
  app.add_option("--type", flags.type,
                 "Server: this one, Go's net/http, Hertz, or these handlers on Boost.Beast")
      ->check(CLI::IsMember({"custom", "std", "hertz", "beast"}))
      ->capture_default_str();
  app.add_option(
         "--addr", flags.address,
         "Address to listen on: [HOST]:PORT, unix:/PATH, or systemd:NAME for inherited sockets")
      ->capture_default_str();
  CLI::Option* tls = app.add_option("--tls-addr", flags.tls_address,
                                    "Further address to listen on, with TLS; default: none")
                         ->type_name("[HOST]:PORT");
  CLI::Option* cert =
      app.add_option(
             "--cert", flags.cert,
             "PEM file of the certificate and its chain; default: a self-signed one for localhost")
          ->type_name("FILE")
          ->needs(tls);
  app.add_option("--key", flags.key, "PEM file of the certificate's key")
      ->type_name("FILE")
      ->needs(cert);
  app.add_option_function<std::string>(
         "--backend",
         [&flags](const std::string& name) {
           Result<netpoll::BackendKind> kind = netpoll::ParseBackend(name);
           if (!kind) throw CLI::ValidationError(kind.error().Message());
           flags.backend = *kind;
         },
         "auto, io_uring, epoll or kqueue")
      ->type_name("NAME")
      ->default_str("auto");
  app.add_option_function<std::string>(
         "--placement",
         [&flags](const std::string& name) {
           Result<engine::Placement> placement = engine::ParsePlacement(name);
           if (!placement) throw CLI::ValidationError(placement.error().Message());
           flags.placement = *placement;
         },
         "Where handlers run: adaptive, inline or workers")
      ->type_name("NAME")
      ->default_str("adaptive");
  app.add_option("--loops", flags.loops, "Event loops; 0: one for each core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--file", flags.file, "File behind /file; default: this program")
      ->check(WhyUnreadable)
      ->type_name("FILE");
  app.add_option("--admin", flags.admin,
                 "Address of the operators' listener (/debug/pprof/, /debug/vars); default: none")
      ->type_name("HOST:PORT");
  app.add_option("--pid-file", flags.pid_file,
                 "File for the process id; SIGUSR2 starts the program anew without a gap")
      ->type_name("FILE");
  AddTime(app, "--request-timeout", flags.request_timeout, "Time limit of a request");
  AddTime(app, "--read-timeout", flags.read_timeout, "Time limit for receiving a request's body");
  AddTime(app, "--write-timeout", flags.write_timeout, "Time limit for sending an answer");
  AddTime(app, "--keep-alive-timeout", flags.keep_alive_timeout,
          "Time limit of an idle connection");
  AddTime(app, "--shutdown-timeout", flags.shutdown_timeout,
          "Time limit for the requests in progress at shutdown");
  AddTime(app, "--idle-grace", flags.idle_grace,
          "Time for which idle connections may send one more request at shutdown");
  app.add_option("--log-level", flags.log_level, "debug, info, warn, error or off")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  try {
    app.parse(WithDoubleDashes(argc, argv));
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error);
  }
  return parsed;
}

}  // namespace hon::app
