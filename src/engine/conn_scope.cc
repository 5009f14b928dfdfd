#include "engine/conn_scope.h"

#include "engine/http_conn.h"
#include "engine/loop_engine.h"

namespace hon::engine {

void ConnScope::Watch() {
  watch_.emplace(owner_->GetLoop(), *this);
  // One that has ended is seen by every request.
  static_cast<void>(watch_->Register(context_));
}

void ConnScope::EndWatch::OnDone() {
  loop_->Post([scope = scope_] {
    if (*scope != nullptr) (*scope)->OnEnd();
  });
}

void ConnScope::OnEnd() {
  if (only_ != nullptr) return only_->OnScopeEnd();
  owner_->OnScopeEnd(*this);
}

}  // namespace hon::engine
