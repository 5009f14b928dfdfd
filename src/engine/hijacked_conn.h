#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "hon/base/error.h"
#include "hon/io/conn.h"

namespace hon::engine {

/// The hijacked connections of one loop that are still open.
class HijackedConns {
 public:
  /// One of them: listed while it lives and has not left.
  class Member {
   public:
    Member(HijackedConns& list, std::shared_ptr<void> slot);
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

   protected:
    virtual ~Member() { Leave(); }
    /// It has ended.
    void Leave();
    [[nodiscard]] HijackedConns* List() const { return list_; }
    [[nodiscard]] const std::shared_ptr<void>& Slot() const { return slot_; }

   private:
    friend class HijackedConns;
    virtual void TellShutdown() {}
    virtual void Cut(const Error& cause) = 0;

    HijackedConns* list_;  // null: it has left, or the list is gone
    Member* previous_ = nullptr;
    Member* next_;
    std::shared_ptr<void> slot_;
  };

  /// `on_empty` is called whenever the last one has left.
  explicit HijackedConns(std::function<void()> on_empty) : on_empty_(std::move(on_empty)) {}
  ~HijackedConns();

  /// `connection`, listed here until it is closed or destroyed; `slot` is held as long.
  std::unique_ptr<io::Conn> Track(std::unique_ptr<io::Conn> connection, std::shared_ptr<void> slot);
  [[nodiscard]] bool Empty() const { return first_ == nullptr; }
  /// The server shuts down: tells the sinks of evented ones, now or when they become such.
  void TellShutdown();
  [[nodiscard]] bool ShuttingDown() const { return shutting_down_; }
  /// Closes all of them; their reads and writes, those that wait and those to come, fail with
  /// `cause`. So do those of connections that are tracked later.
  void CutAll(const Error& cause);

 private:
  std::function<void()> on_empty_;
  Member* first_ = nullptr;  // doubly linked
  bool shutting_down_ = false;
  Error cut_;
};

}  // namespace hon::engine
