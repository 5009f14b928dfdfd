#pragma once

#include <string_view>

#include "hon/http/response_writer.h"

namespace hon::wire {

/// Answers 200 with `text` as plain text.
inline void Text(http::ResponseWriter& w, std::string_view text) {
  w.Header().Set("Content-Type", "text/plain; charset=utf-8");
  w.Write(text);
}

}  // namespace hon::wire
