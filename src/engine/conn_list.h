#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "hon/base/error.h"

namespace hon::engine {

class ConnList;
class ConnScope;

/// One connection in the list of its loop. The walks over that list (a shutdown, a cut, the end of
/// a scope) reach every connection through these calls, on the loop's thread outside any fiber.
class ConnEntry {
 public:
  enum class Kind : uint8_t {
    kServed,     // the engine reads requests from it
    kTakenOver,  // hijacked: a handler reads and writes it
  };

  ConnEntry(const ConnEntry&) = delete;
  ConnEntry& operator=(const ConnEntry&) = delete;
  [[nodiscard]] virtual Kind GetKind() const = 0;
  /// Closes the connection when it waits for a request that has not begun to arrive.
  virtual void CloseIfIdle() = 0;
  /// Cuts the connection; for a hijacked one, ends the waits of its handler. Contexts end with
  /// `cause`.
  virtual void Cut(const Error& cause) = 0;
  /// Cuts a connection that a handler has taken over, or the streams of one that handlers have.
  virtual void EndTakenOver(const Error& cause) {
    if (GetKind() == Kind::kTakenOver) Cut(cause);
  }
  /// The context of `scope` has ended. `scope` may be the one above the requests of this
  /// connection.
  virtual void OnScopeEnd(const ConnScope& scope) = 0;

 protected:
  ConnEntry() = default;
  virtual ~ConnEntry() = default;

 private:
  friend class ConnList;
  ConnEntry* previous_ = nullptr;
  ConnEntry* next_ = nullptr;
};

/// The connections of one loop.
class ConnList {
 public:
  void Add(ConnEntry& conn) {
    conn.next_ = first_;
    if (first_ != nullptr) first_->previous_ = &conn;
    first_ = &conn;
  }
  void Remove(ConnEntry& conn) {
    if (conn.previous_ != nullptr) conn.previous_->next_ = conn.next_;
    if (conn.next_ != nullptr) conn.next_->previous_ = conn.previous_;
    if (first_ == &conn) first_ = conn.next_;
    conn.previous_ = conn.next_ = nullptr;
  }
  [[nodiscard]] bool Empty() const { return first_ == nullptr; }
  /// `visit` may remove the visited connection, and no other.
  template <class Visit>
  void ForEach(Visit&& visit) {
    for (ConnEntry* conn = first_; conn != nullptr;) {
      ConnEntry* const next = conn->next_;
      visit(*conn);
      conn = next;
    }
  }

 private:
  ConnEntry* first_ = nullptr;
};

}  // namespace hon::engine
