#pragma once

#include <string>

#include "hon/base/result.h"
#include "hon/http/handler.h"

namespace hon::wire {

/// The options of the command line for the proxy.
struct UpstreamFlags {
  std::string url;  // "": no proxy
  std::string ca;   // PEM file of the authorities for its certificate; "": those of the system
  std::string at = "/proxy";  // the prefix of the requests that are passed on; "/": all requests
};

/// The proxy to the server that the flags name.
Result<http::HandlerPtr> MakeUpstream(const UpstreamFlags& flags);

}  // namespace hon::wire
