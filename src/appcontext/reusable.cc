#include "hon/appcontext/reusable.h"

#include <algorithm>

#include "appcontext/context_node.h"
#include "hon/base/assert.h"

namespace hon::appcontext {
namespace {

inline void SetDeadline(ContextNode& node, const Context& parent, TimePoint deadline) {
  const ContextNode* above = parent.Node();
  node.SetDeadline(above == nullptr ? deadline : std::min(deadline, above->Deadline()));
}

// The rare cases are apart, so that the common ones need no stack frame.

// Begins a context where none is kept, or where the last one had another parent.
[[gnu::noinline]] const Context& BeginNew(Context& kept, const Context& parent,
                                          TimePoint deadline) {
  if (kept.Node() == nullptr) kept = Context(new ContextNode);
  kept.Node()->BecomeReaderOf(parent);
  SetDeadline(*kept.Node(), parent, deadline);
  return kept;
}

// The context that has ended becomes a live one.
[[gnu::noinline]] bool ForgetEnd(ContextNode& node, bool stays) {
  node.Revive();
  return stays;
}

// Somebody has kept a copy of `context`: ends the context and drops this copy.
[[gnu::noinline]] bool EndKept(Context& context) {
  context.Node()->End(ErrCanceled, ErrCanceled);
  context = {};
  return false;
}

}  // namespace

const Context& ReusableContext::Arm(const Context& parent, TimePoint deadline) {
  ContextNode* node = context_.Node();
  if (node == nullptr || !node->Reads(parent)) [[unlikely]]
    return BeginNew(context_, parent, deadline);
  SetDeadline(*node, parent, deadline);
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
  if (node->Refs() != (stays ? 2 : 1)) [[unlikely]]
    return EndKept(context_);
  HON_ASSERT(node->IsFree());
  if (node->Done()) [[unlikely]]
    return ForgetEnd(*node, stays);
  return stays;
}

}  // namespace hon::appcontext
