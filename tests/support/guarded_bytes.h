#pragma once

// Bytes that end exactly at the end of a mapping, so that a read of one byte too many is a fault.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <new>
#include <string_view>

namespace hon::test {

class GuardedBytes {
 public:
  explicit GuardedBytes(std::string_view bytes) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t room = (bytes.size() + page - 1) / page * page;
    size_ = room + page;
    void* memory = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<char*>(memory);
    mprotect(memory_ + room, page, PROT_NONE);
    view_ = {memory_ + room - bytes.size(), bytes.size()};
    if (!bytes.empty()) std::memcpy(memory_ + room - bytes.size(), bytes.data(), bytes.size());
  }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  ~GuardedBytes() { munmap(memory_, size_); }

  [[nodiscard]] std::string_view View() const { return view_; }
  /// The last `size` bytes.
  [[nodiscard]] std::string_view Tail(size_t size) const {
    return view_.substr(view_.size() - size);
  }

 private:
  char* memory_ = nullptr;
  size_t size_ = 0;
  std::string_view view_;
};

}  // namespace hon::test
