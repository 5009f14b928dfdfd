#include <elf.h>
#include <link.h>

#include <algorithm>
#include <span>

#include "hon/io/file.h"
#include "own_symbols.h"

namespace hon::app {
namespace {

// Debug information may make a program large; its symbol table is a small part.
constexpr size_t kSectionBytesMax = size_t{256} << 20;

// The difference between the program's load address and its link address.
uintptr_t LoadOffset() {
  uintptr_t offset = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* to) {
        *static_cast<uintptr_t*>(to) = info->dlpi_addr;
        return 1;  // the first object is the program
      },
      &offset);
  return offset;
}

bool ReadAt(io::File& file, uint64_t offset, char* into, size_t size) {
  if (!file.Seek(static_cast<int64_t>(offset), io::Whence::kStart)) return false;
  while (size > 0) {
    const io::IoResult got = file.Read(std::span<char>(into, size));
    if (got.n == 0) return false;
    into += got.n;
    size -= got.n;
  }
  return true;
}

template <class T>
bool ReadTable(io::File& file, uint64_t offset, size_t bytes, std::vector<T>& into) {
  if (bytes > kSectionBytesMax) return false;
  into.resize(bytes / sizeof(T));
  return ReadAt(file, offset, reinterpret_cast<char*>(into.data()), into.size() * sizeof(T));
}

}  // namespace

OwnSymbols::OwnSymbols() {
  Result<io::File> file = io::File::Open("/proc/self/exe");
  ElfW(Ehdr) head = {};
  if (!file || !ReadAt(*file, 0, reinterpret_cast<char*>(&head), sizeof head)) return;
  std::vector<ElfW(Shdr)> sections;
  if (head.e_shentsize != sizeof(ElfW(Shdr)) ||
      !ReadTable(*file, head.e_shoff, head.e_shnum * sizeof(ElfW(Shdr)), sections)) {
    return;
  }
  const auto table = std::find_if(sections.begin(), sections.end(),
                                  [](const auto& s) { return s.sh_type == SHT_SYMTAB; });
  if (table == sections.end() || table->sh_link >= sections.size()) return;
  const auto& strings = sections[table->sh_link];
  std::vector<ElfW(Sym)> symbols;
  std::vector<char> names;
  if (!ReadTable(*file, table->sh_offset, table->sh_size, symbols) ||
      !ReadTable(*file, strings.sh_offset, strings.sh_size, names)) {
    return;
  }
  names_.assign(names.begin(), names.end());
  const uintptr_t offset = LoadOffset();
  for (const auto& symbol : symbols) {
    const bool function = ELF64_ST_TYPE(symbol.st_info) == STT_FUNC;
    if (!function || symbol.st_size == 0 || symbol.st_name >= names_.size()) continue;
    const uintptr_t begin = symbol.st_value + offset;
    symbols_.push_back({begin, begin + symbol.st_size, symbol.st_name});
  }
  std::sort(symbols_.begin(), symbols_.end(),
            [](const Symbol& a, const Symbol& b) { return a.begin < b.begin; });
}

std::string OwnSymbols::At(uintptr_t address) const {
  auto after = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                                [](uintptr_t a, const Symbol& s) { return a < s.begin; });
  if (after == symbols_.begin() || address >= std::prev(after)->end) return {};
  return names_.c_str() + std::prev(after)->name;
}

}  // namespace hon::app
