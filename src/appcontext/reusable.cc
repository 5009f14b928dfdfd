#include "hon/appcontext/reusable.h"

#include <algorithm>

#include "appcontext/context_node.h"
#include "hon/base/assert.h"

namespace hon::appcontext {
namespace {

// Makes `node` a live context with the values of `parent`.
void Begin(ContextNode& node, const Context& parent, TimePoint deadline) {
  node.BecomeReaderOf(parent);
  const ContextNode* above = parent.Node();
  node.SetDeadline(above == nullptr ? deadline : std::min(deadline, above->Deadline()));
}

// The rare cases are apart, so that the common ones need no stack frame.

// Begins a new context, where none is kept.
[[gnu::noinline]] const Context& BeginNew(Context& kept, const Context& parent,
                                          TimePoint deadline) {
  kept = Context(new ContextNode);
  Begin(*kept.Node(), parent, deadline);
  return kept;
}

// Somebody has kept a copy of `context`: ends the context and drops this copy.
[[gnu::noinline]] bool EndKept(Context& context) {
  context.Node()->End(ErrCanceled, ErrCanceled);
  context = {};
  return false;
}

}  // namespace

const Context& ReusableContext::Arm(const Context& parent, TimePoint deadline) {
  if (context_.Node() == nullptr) [[unlikely]]
    return BeginNew(context_, parent, deadline);
  Begin(*context_.Node(), parent, deadline);
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
  node->Revive();
  return stays;
}

}  // namespace hon::appcontext
