#pragma once

#include <cstdint>
#include <string>

namespace hon::app {

/// The function of this process that holds `address`, demangled; "" when unknown. The first call
/// reads the program's own symbol table. Any thread.
[[nodiscard]] std::string SymbolAt(uintptr_t address);

}  // namespace hon::app
