#pragma once

#include <string>
#include <string_view>

#include "hon/io/io.h"

namespace hon::io {

/// Collects the bytes written to it, as Go's strings.Builder does; never fails. One thread at a
/// time.
class StringWriter final : public Writer {
 public:
  IoResult Write(std::string_view data) override {
    text.append(data);
    return {data.size(), {}};
  }

  std::string text;
};

}  // namespace hon::io
