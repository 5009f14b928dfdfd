#include "engine/serve_queue.h"

#include <algorithm>
#include <utility>

#include "engine/http1_conn.h"
#include "hon/base/assert.h"

namespace hon::engine {

void ServeQueue::Add(Http1Conn& conn) {
  if (conn.Queued()) return;
  conn.SetQueued(true);
  queued_.push_back(&conn);
  if (!std::exchange(deferred_, true)) loop_->Defer(*this);
}

void ServeQueue::Remove(Http1Conn& conn) {
  if (!conn.Queued()) return;
  std::erase(queued_, &conn);
  std::replace(serving_.begin(), serving_.end(), &conn, static_cast<Http1Conn*>(nullptr));
}

void ServeQueue::Run() {
  deferred_ = false;
  serving_.swap(queued_);  // a connection that is queued meanwhile waits for the next turn
  for (size_t i = 0; i < serving_.size(); ++i) {
    Http1Conn* const conn = std::exchange(serving_[i], nullptr);
    if (conn == nullptr) continue;
    HON_ASSERT(conn->Queued());
    conn->SetQueued(false);
    conn->OnTurn();
  }
  serving_.clear();
}

}  // namespace hon::engine
