#pragma once

#include "hon/http/response.h"

namespace hon::client {

/// Replaces the gzip-coded Body of `answer` by the decoded one, and takes the fields of the coding
/// away. Errors while reading: http::ErrDecodedTooLong, http::ErrMalformedResponse for what is no
/// gzip, or those of the coded Body.
void DecodeGzip(http::Response& answer);

}  // namespace hon::client
