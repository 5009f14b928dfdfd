#pragma once

namespace hon {

/// The place of a call in the source. A function declared `void F(CallSite where =
/// CallSite::Here());` gets the place of its caller. (std::source_location is missing in clang 14.)
struct CallSite {
  const char* file;
  int line;

  static constexpr CallSite Here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

}  // namespace hon
