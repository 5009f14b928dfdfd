#include "hon/appcontext/reusable.h"

#include <algorithm>

#include "appcontext/context_node.h"
#include "hon/base/assert.h"

namespace hon::appcontext {

const Context& ReusableContext::Arm(const Context& parent, TimePoint deadline) {
  if (context_.Node() == nullptr) context_ = Context(new ContextNode);
  ContextNode& node = *context_.Node();
  node.BecomeReaderOf(parent);
  const ContextNode* above = parent.Node();
  node.SetDeadline(above == nullptr ? deadline : std::min(deadline, above->Deadline()));
  return context_;
}

void ReusableContext::Cancel(const Error& cause) { context_.Node()->End(ErrCanceled, cause); }

void ReusableContext::Expire(const Error& cause) {
  context_.Node()->End(ErrDeadlineExceeded, cause);
}

bool ReusableContext::Release(const Context& shown) {
  ContextNode* node = context_.Node();
  if (node == nullptr) return false;  // for an exception of Arm
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
