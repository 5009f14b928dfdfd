#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

#include "hon/http/body.h"

namespace hon::fuzz {

/// A text in pieces of one size.
class Pieces final : public http::BodySource {
 public:
  Pieces(std::string_view text, size_t piece) : rest_(text), piece_(piece) {}

  io::IoResult Read(std::span<char> into) override {
    if (rest_.empty()) return {0, io::ErrEof};
    const size_t n = rest_.substr(0, piece_).copy(into.data(), into.size());
    rest_.remove_prefix(n);
    return {n, {}};
  }
  Error Close() override { return {}; }

 private:
  std::string_view rest_;
  size_t piece_;
};

}  // namespace hon::fuzz
