#pragma once

#include <string_view>

#include "hon/http/mime.h"

namespace hon::mime::internal {

/// As ParseMediaType; `into->type` is also set when only a parameter is malformed.
Error ParseMediaTypeInto(std::string_view text, MediaType* into);

}  // namespace hon::mime::internal
