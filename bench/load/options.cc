#include "options.h"

#include <CLI/CLI.hpp>

namespace hon::load {

ParsedOptions ParseOptions(int argc, char** argv) {
  ParsedOptions parsed;
  Options& options = parsed.options;
  CLI::App app("Loads a server on the loopback; times are printed in microseconds.", "hon_load");
  app.add_option("--port", options.port, "Port")->required();
  app.add_option("--connections", options.connections, "Connections")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "Duration of the run")
      ->check(CLI::Range(0.01, 3600.0))
      ->capture_default_str();
  app.add_option("--rate", options.rate, "Requests per second; 0: as fast as answered")
      ->check(CLI::Range(0.0, 1e7))
      ->capture_default_str();
  app.add_option("--path", options.path, "Target")->capture_default_str();
  app.add_flag("--close", options.close, "A connection for each request");
  app.add_flag("--wait", options.wait, "Connect, print \"ready\", begin at a line of input");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error);
  }
  return parsed;
}

}  // namespace hon::load
