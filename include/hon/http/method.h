#pragma once

#include <string_view>

namespace hon::http {

// Methods under Go's names (RFC 9110 §9.3, RFC 5789).
inline constexpr std::string_view MethodGet = "GET";
inline constexpr std::string_view MethodHead = "HEAD";
inline constexpr std::string_view MethodPost = "POST";
inline constexpr std::string_view MethodPut = "PUT";
inline constexpr std::string_view MethodPatch = "PATCH";
inline constexpr std::string_view MethodDelete = "DELETE";
inline constexpr std::string_view MethodConnect = "CONNECT";
inline constexpr std::string_view MethodOptions = "OPTIONS";
inline constexpr std::string_view MethodTrace = "TRACE";

}  // namespace hon::http
