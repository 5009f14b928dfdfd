#pragma once

// The parts of a request that a proxy replaces.

#include <string>
#include <string_view>

#include "hon/http/request.h"
#include "hon/url/url.h"

namespace hon::httputil::internal {

/// Sets the path of `url` to the path of `base` and its own, with one slash between them.
void JoinPaths(const url::URL& base, url::URL& url);
/// Points `url` at the scheme, host, path and query of `target`.
void Retarget(const url::URL& target, url::URL& url);
/// Whether CleanQuery leaves `query` as it is.
[[nodiscard]] bool IsCleanQuery(std::string_view query);
/// `query`. When a pair has a ";" or an invalid escape, the query without such pairs, sorted.
[[nodiscard]] std::string CleanQuery(std::string_view query);
/// The client's address without its port; "" for none.
[[nodiscard]] std::string_view AddressOf(const http::Request& r);
/// The values of the field `id`, and `last`, as one list.
[[nodiscard]] std::string JoinLines(const http::Header& header, http::HeaderId id,
                                    std::string_view last);

}  // namespace hon::httputil::internal
