#include "own_symbols.h"

namespace hon::app {

OwnSymbols::OwnSymbols() = default;
std::string OwnSymbols::At(uintptr_t) const { return {}; }

}  // namespace hon::app
