#include "engine/conn_scope.h"

#include "engine/conn_list.h"
#include "engine/loop_services.h"

namespace hon::engine {

void ConnScope::Watch() {
  watch_.emplace(services_->loop, *this);
  // Every request notices a context that has already ended.
  static_cast<void>(watch_->Register(context_));
}

void ConnScope::EndWatch::OnDone() {
  loop_->Post([scope = scope_] {
    if (*scope != nullptr) (*scope)->OnEnd();
  });
}

void ConnScope::OnEnd() {
  if (only_ != nullptr) return only_->OnScopeEnd(*this);
  services_->conns.ForEach([this](ConnEntry& conn) { conn.OnScopeEnd(*this); });
}

}  // namespace hon::engine
