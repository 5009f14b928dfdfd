// A library for LD_PRELOAD into a server: operator new fails now and then, on every thread.
//
// HON_NO_MEMORY names a file that begins with a uint32_t, which may change at any time: one of so
// many allocations fails, by chance; 0: none.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

const volatile uint32_t* one_of = nullptr;

[[gnu::constructor]] void Open() {
  const char* const path = std::getenv("HON_NO_MEMORY");
  const int fd = path != nullptr ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void* const memory = ::mmap(nullptr, sizeof(uint32_t), PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  if (memory != MAP_FAILED) one_of = static_cast<const uint32_t*>(memory);
}

// A generator for each thread (xorshift), which starts at the address of its own state.
[[gnu::tls_model("initial-exec")]] thread_local uint64_t state = 0;

bool Fails() {
  const uint32_t chance = one_of != nullptr ? *one_of : 0;
  if (chance == 0) return false;
  if (state == 0) state = reinterpret_cast<uintptr_t>(&state);
  state ^= state << 13U;
  state ^= state >> 7U;
  state ^= state << 17U;
  return (state >> 20U) % chance == 0;
}

void* Allocate(size_t size) { return Fails() ? nullptr : std::malloc(size != 0 ? size : 1); }

void* AllocateOrThrow(size_t size) {
  void* const memory = Allocate(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(size_t size) { return AllocateOrThrow(size); }
void* operator new[](size_t size) { return AllocateOrThrow(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return Allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
