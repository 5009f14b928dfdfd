#pragma once

#include <string>

#include "hon/http/serve_mux.h"

namespace hon::wire {

/// What the endpoints serve from the file system.
struct Files {
  std::string dir;   // "/files/" serves this directory
  std::string file;  // "/file" serves this file
};

// The endpoints of the conformance program. Each does one thing of the contract, the same thing as
// its twin in tests/differential/goserver.

/// "/", "/echo", "/headers", "/status/{code}", "/echo-marker", "/echo-hidden", "/noread",
/// "/discard", "/redirect".
void RegisterPlain(http::ServeMux& mux);

/// "/chunked/{n}", "/length/{n}", "/stream/{n}", "/trailers", "/early-hints", "/hijack", "/sse".
void RegisterStreams(http::ServeMux& mux);

/// "/sleep/{ms}", "/block/{ms}", "/spin/{ms}", "/timeout/{ms}", "/panic", "/until-gone", "/gone".
void RegisterLife(http::ServeMux& mux);

/// "/form", "/multipart", "/cookies".
void RegisterForms(http::ServeMux& mux);

/// "/files/", "/file".
void RegisterFiles(http::ServeMux& mux, const Files& files);

}  // namespace hon::wire
