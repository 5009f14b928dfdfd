#pragma once

// What Request's form methods need beside request.h: their limits, errors and results.

#include <cstddef>

#include "hon/base/error.h"
#include "hon/http/multipart.h"
#include "hon/http/request.h"

namespace hon::http {

/// An urlencoded body longer than this is refused (ErrFormTooLarge), unless MaxBytesReader set
/// another limit.
inline constexpr size_t kFormBytesMax = 10 << 20;

inline constexpr Sentinel ErrFormTooLarge{"http: POST too large"};
inline constexpr Sentinel ErrNotMultipart{"request Content-Type isn't multipart/form-data"};
inline constexpr Sentinel ErrMissingBoundary{"no multipart boundary param in Content-Type"};
inline constexpr Sentinel ErrMissingFile{"http: no such file"};
/// The body is read by the other one of MultipartReader and ParseMultipartForm.
inline constexpr Sentinel ErrMultipartTaken{"http: multipart body already taken"};

}  // namespace hon::http
