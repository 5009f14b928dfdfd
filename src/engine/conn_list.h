#pragma once

#include <cstdint>

#include "hon/base/error.h"
#include "hon/base/intrusive_list.h"

namespace hon::engine {

class ConnScope;

/// One connection in the list of its loop. The walks over that list (a shutdown, a cut, the end of
/// a scope) reach every connection through these calls, on the loop's thread outside any fiber.
class ConnEntry : public IntrusiveListNode<ConnEntry> {
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
};

/// The connections of one loop.
using ConnList = IntrusiveList<ConnEntry, ConnEntry>;

}  // namespace hon::engine
