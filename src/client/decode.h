#pragma once

#include "hon/http/response.h"

namespace hon::client {

/// Replaces the gzip-coded Body of `answer` by the decoded one, and removes the fields of the
/// coding. Reads fail with http::ErrDecodedTooLong, with http::ErrMalformedResponse for invalid
/// gzip, or with the errors of the coded Body.
void DecodeGzip(http::Response& answer);

}  // namespace hon::client
