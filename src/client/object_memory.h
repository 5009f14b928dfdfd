#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

#include "hon/base/assert.h"

namespace hon::client {

/// Free memory for objects of a few sizes, so that a warm request allocates nothing. One thread.
class ObjectMemory {
 public:
  /// Free blocks of one size that are kept.
  static constexpr size_t kFreeMax = 64;

  ObjectMemory() = default;
  ObjectMemory(const ObjectMemory&) = delete;
  ObjectMemory& operator=(const ObjectMemory&) = delete;
  ~ObjectMemory() {
    for (List& list : lists_) {
      while (list.first != nullptr) ::operator delete(std::exchange(list.first, list.first->next));
    }
  }

  [[nodiscard]] void* Take(size_t size) {
    for (List& list : lists_) {
      if (list.size != size || list.first == nullptr) continue;
      --list.count;
      return std::exchange(list.first, list.first->next);
    }
    return ::operator new(size);
  }
  void Give(void* memory, size_t size) {
    HON_ASSERT(size >= sizeof(Free));
    for (List& list : lists_) {
      if (list.size == 0) list.size = size;
      if (list.size != size) continue;
      if (list.count == kFreeMax) break;
      ++list.count;
      list.first = new (memory) Free{list.first};
      return;
    }
    ::operator delete(memory);
  }

 private:
  struct Free {
    Free* next;
  };
  struct List {
    size_t size = 0;
    size_t count = 0;
    Free* first = nullptr;
  };
  std::array<List, 4> lists_;
};

/// Allocates single objects from the ObjectMemory of `Owner`, which the allocator keeps alive.
template <class T, class Owner>
class ObjectAllocator {
 public:
  using value_type = T;

  explicit ObjectAllocator(std::shared_ptr<Owner> owner) : owner_(std::move(owner)) {}
  template <class U>
  // NOLINTNEXTLINE(google-explicit-constructor): as an allocator must
  ObjectAllocator(const ObjectAllocator<U, Owner>& other) : owner_(other.GetOwner()) {}

  [[nodiscard]] T* allocate(size_t n) {
    return static_cast<T*>(owner_->Memory().Take(n * sizeof(T)));
  }
  void deallocate(T* memory, size_t n) { owner_->Memory().Give(memory, n * sizeof(T)); }
  [[nodiscard]] const std::shared_ptr<Owner>& GetOwner() const { return owner_; }

  friend bool operator==(const ObjectAllocator& a, const ObjectAllocator& b) {
    return a.owner_ == b.owner_;
  }

 private:
  std::shared_ptr<Owner> owner_;
};

}  // namespace hon::client
