#pragma once

namespace hon {

/// Where in the source a call stands: `void F(CallSite where = CallSite::Here());` is told its
/// caller. (std::source_location is missing in clang 14.)
struct CallSite {
  const char* file;
  int line;

  static constexpr CallSite Here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

}  // namespace hon
