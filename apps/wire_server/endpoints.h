#pragma once

#include <string>

#include "hon/http/serve_mux.h"

namespace hon::wire {

/// The files behind the endpoints.
struct Files {
  std::string dir;   // "/files/" serves this directory
  std::string file;  // "/file" serves this file
};

// The endpoints of the conformance program. Each shows one thing of the contract, the same thing as
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

/// "/files/", "/file", "/copied-file/{name}".
void RegisterFiles(http::ServeMux& mux, const Files& files);

/// "/answer/{what}": the contract of ResponseWriter, see answers.cc.
void RegisterAnswers(http::ServeMux& mux);

/// "/request", "/redirect-to", "/set-cookie", "/url", "/form-value", "/dump", and the endpoints
/// behind wrapping handlers: "/strip/", "/semicolons", "/max-bytes", "/cross-origin/".
void RegisterRequests(http::ServeMux& mux);

/// Muxes of their own for the hosts "mux.test" and "all.test".
void RegisterRoutes(http::ServeMux& mux);

// Handlers and text that several files need.

/// Answers the body, with its Content-Type and its length.
void Echo(http::ResponseWriter& w, http::Request& r);
/// Answers with the result of ParseForm.
void ShowForm(http::ResponseWriter& w, http::Request& r);
/// 64 KiB of "0123456789abcdef".
std::string_view Pattern();

/// "/ws", "/ws-events".
void RegisterWebSockets(http::ServeMux& mux);

/// "/hub", "/broadcast": not in the twin.
void RegisterBroadcasts(http::ServeMux& mux);

}  // namespace hon::wire
