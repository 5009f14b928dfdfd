#include "symbols.h"

#include <cxxabi.h>
#include <dlfcn.h>

#include <cstdlib>
#include <memory>

#include "own_symbols.h"

namespace hon::app {
namespace {

std::string Demangle(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> plain(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
  return status == 0 && plain != nullptr ? plain.get() : name;
}

}  // namespace

std::string SymbolAt(uintptr_t address) {
  // Most functions of the program are not exported, and unknown to the loader.
  static const OwnSymbols own;
  if (std::string name = own.At(address); !name.empty()) return Demangle(name);
  Dl_info info = {};
  // The pointer is compared with addresses, never followed.
  if (dladdr(reinterpret_cast<void*>(address), &info) == 0 || info.dli_sname == nullptr) return {};
  return Demangle(info.dli_sname);
}

}  // namespace hon::app
