#pragma once

// The parts of a request that a proxy makes anew.

#include <string>
#include <string_view>

#include "hon/http/request.h"
#include "hon/url/url.h"

namespace hon::httputil::internal {

/// The path of `base` and that of `url`, with one slash between them, as the path of `url`.
void JoinPaths(const url::URL& base, url::URL& url);
/// Sends `url` to the scheme, host, path and query of `target`.
void Retarget(const url::URL& target, url::URL& url);
/// `query`; where a pair of it has a ";" or a bad escape, without these pairs, sorted.
[[nodiscard]] std::string CleanQuery(std::string_view query);
/// The address of the client without its port; "" for none.
[[nodiscard]] std::string_view AddressOf(const http::Request& r);
/// The values of `name` and `last`, as one list.
[[nodiscard]] std::string JoinLines(const http::Header& header, std::string_view name,
                                    std::string_view last);

}  // namespace hon::httputil::internal
