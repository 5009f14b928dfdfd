#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "hon/base/error.h"
#include "hon/io/conn.h"

namespace hon::engine {

class HijackedConn;

/// The hijacked connections of one loop that are still open.
class HijackedConns {
 public:
  /// `on_empty` is called whenever the last one has ended.
  explicit HijackedConns(std::function<void()> on_empty) : on_empty_(std::move(on_empty)) {}
  ~HijackedConns();

  /// `connection`, counted here until it is closed or destroyed.
  std::unique_ptr<io::Conn> Track(std::unique_ptr<io::Conn> connection);
  [[nodiscard]] bool Empty() const { return first_ == nullptr; }
  /// Closes all of them; their reads and writes, those that wait and those to come, fail with
  /// `cause`. So do those of connections that are tracked later.
  void CutAll(const Error& cause);

 private:
  friend class HijackedConn;

  std::function<void()> on_empty_;
  HijackedConn* first_ = nullptr;  // doubly linked
  Error cut_;
};

}  // namespace hon::engine
