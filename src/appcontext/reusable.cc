#include "hon/appcontext/reusable.h"

#include "appcontext/context_node.h"
#include "hon/base/assert.h"

namespace hon::appcontext {

const Context& ReusableContext::Arm(const Context& parent) {
  if (context_.Node() == nullptr) context_ = Context(new ContextNode);
  context_.Node()->BecomeReaderOf(parent);
  return context_;
}

void ReusableContext::SetDeadline(TimePoint deadline) { context_.Node()->SetDeadline(deadline); }

void ReusableContext::Cancel(const Error& cause) { context_.Node()->End(ErrCanceled, cause); }

void ReusableContext::Expire(const Error& cause) {
  context_.Node()->End(ErrDeadlineExceeded, cause);
}

bool ReusableContext::Release(const Context& shown) {
  ContextNode* node = context_.Node();
  HON_ASSERT(node != nullptr);
  const bool stays = shown.Node() == node;
  if (node->Refs() == (stays ? 2 : 1)) {
    node->Revive();
    return stays;
  }
  node->End(ErrCanceled, ErrCanceled);
  context_ = {};
  return false;
}

}  // namespace hon::appcontext
