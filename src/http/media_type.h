#pragma once

#include <string_view>

#include "hon/http/mime.h"

namespace hon::mime::internal {

/// As ParseMediaType, but where only a parameter is wrong, `into->type` is set all the same.
Error ParseMediaTypeInto(std::string_view text, MediaType* into);

}  // namespace hon::mime::internal
