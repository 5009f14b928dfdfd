#pragma once

// Reads and shows header fields in the short form of the case tables.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hon/http/header.h"

namespace hon::http {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace): NULs

/// The fields "Name: value|Name: value", with @AT, @BEFORE and @AFTER replaced by dates around
/// 1,600,000,000 seconds after 1970.
std::vector<std::pair<std::string, std::string>> ReadFields(std::string_view text);

/// Shortens what the tables repeat: "~" for a line end, "B" for a boundary of 60 digits, and
///   AR  Accept-Ranges: bytes    TP  Content-Type: text/plain; charset=utf-8
///   CL  Content-Length:         NS  X-Content-Type-Options: nosniff
///   CR  Content-Range: bytes    LM  Last-Modified: @AT
std::string Shorten(std::string text);

/// All fields, sorted, parted by "|" and shortened.
std::string ShowFields(const Header& header);

}  // namespace hon::http
