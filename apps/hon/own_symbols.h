#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hon::app {

/// The functions in the symbol table of the running program; none when the program was stripped, or
/// has an unknown format. Immutable.
class OwnSymbols {
 public:
  OwnSymbols();
  /// The mangled name of the function around `address`, or "".
  [[nodiscard]] std::string At(uintptr_t address) const;

 private:
  struct Symbol {
    uintptr_t begin;
    uintptr_t end;
    uint32_t name;  // offset in names_
  };

  std::vector<Symbol> symbols_;  // sorted by begin
  std::string names_;            // each ended by NUL
};

}  // namespace hon::app
