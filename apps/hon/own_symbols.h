#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hon::app {

/// The functions in the symbol table of the running program; none when it was stripped, or is of
/// a kind that is not known here. Immutable.
class OwnSymbols {
 public:
  OwnSymbols();
  /// The mangled name of the function around `address`, or "".
  [[nodiscard]] std::string At(uintptr_t address) const;

 private:
  struct Symbol {
    uintptr_t begin;
    uintptr_t end;
    uint32_t name;  // where it begins in names_
  };

  std::vector<Symbol> symbols_;  // by begin
  std::string names_;            // each ended by NUL
};

}  // namespace hon::app
