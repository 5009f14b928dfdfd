#pragma once

#include <string>
#include <string_view>

#include "hon/io/io.h"

namespace hon::test {

/// Keeps what is written.
class StringWriter final : public io::Writer {
 public:
  io::IoResult Write(std::string_view data) override {
    text.append(data);
    return {data.size(), {}};
  }

  std::string text;
};

}  // namespace hon::test
