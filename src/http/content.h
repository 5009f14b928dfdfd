#pragma once

#include <cstdint>
#include <string_view>

#include "hon/http/mime.h"
#include "hon/http/request.h"
#include "hon/http/response_writer.h"
#include "hon/http/time.h"
#include "hon/io/io.h"

namespace hon::http::internal {

/// The content of an answer.
struct Content {
  io::ReadSeeker& reader;  // at its start
  std::string_view name;   // the type is found by its extension
  Time modtime;
  int64_t size = kUnknownSize;  // asked of `reader` when unknown
  const mime::Types* types = nullptr;
  std::string_view encoding{};  // Content-Encoding of `reader`, to be set if it is sent

  static constexpr int64_t kUnknownSize = -1;
};

/// ServeContent for a Content.
void SendContent(ResponseWriter& w, Request& r, const Content& content);

/// Sets Content-Type by the name, or else by the first bytes of `reader`, which is rewound; does
/// nothing when the handler has set or suppressed the field. Returns false when `reader` cannot be
/// rewound.
bool SetContentType(ResponseWriter& w, const Request& r, io::ReadSeeker& reader,
                    std::string_view name, const mime::Types* types);

/// Answers with an error, without the fields that described the content.
void SendError(ResponseWriter& w, std::string_view text, int status);

}  // namespace hon::http::internal
