#pragma once

// Limits, errors and results of Request's form methods (request.h).

#include <cstddef>

#include "hon/base/error.h"
#include "hon/http/multipart.h"
#include "hon/http/request.h"

namespace hon::http {

/// An urlencoded body longer than this is refused (ErrFormTooLarge), unless MaxBytesReader set
/// another limit.
inline constexpr size_t kFormBytesMax = 10 << 20;

/// An urlencoded body of more than kFormBytesMax.
inline constexpr Sentinel ErrFormTooLarge{"http: POST too large"};
/// The Content-Type is not multipart/form-data (RFC 7578), or has no boundary (RFC 2046 §5.1.1).
inline constexpr Sentinel ErrNotMultipart{"request Content-Type isn't multipart/form-data"};
inline constexpr Sentinel ErrMissingBoundary{"no multipart boundary param in Content-Type"};
/// The form has no file of that name.
inline constexpr Sentinel ErrMissingFile{"http: no such file"};
/// MultipartReader was called after ParseMultipartForm, or ParseMultipartForm after
/// MultipartReader.
inline constexpr Sentinel ErrMultipartTaken{"http: multipart body already taken"};

}  // namespace hon::http
