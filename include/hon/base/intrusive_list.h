#pragma once

#include "hon/base/assert.h"

namespace hon {

/// The links of an object that can be in one IntrusiveList at a time: a base class of it. An object
/// that can be in several lists at once has a base with a `Tag` of its own for each.
template <class Tag = void>
class IntrusiveListNode {
 public:
  IntrusiveListNode() = default;
  IntrusiveListNode(const IntrusiveListNode&) = delete;
  IntrusiveListNode& operator=(const IntrusiveListNode&) = delete;
  /// The object must have left its list.
  ~IntrusiveListNode() { HON_ASSERT(!Linked()); }

  /// Whether the object is in a list.
  [[nodiscard]] bool Linked() const { return next_ != nullptr; }

 private:
  template <class, class>
  friend class IntrusiveList;

  void InsertBefore(IntrusiveListNode& place) {
    HON_ASSERT(!Linked());
    next_ = &place;
    previous_ = place.previous_;
    previous_->next_ = this;
    place.previous_ = this;
  }
  void Leave() {
    HON_ASSERT(Linked());
    HON_DEBUG_ASSERT(next_->previous_ == this && previous_->next_ == this);
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = nullptr;
    previous_ = nullptr;
  }

  IntrusiveListNode* next_ = nullptr;
  IntrusiveListNode* previous_ = nullptr;
};

/// A doubly linked list that neither owns its objects nor allocates. No locks. Objects neither move
/// nor die while they are in the list, and the list does not move. An object that dies in a list,
/// or joins or leaves twice, ends the process. `T` derives from IntrusiveListNode<Tag>.
template <class T, class Tag = void>
class IntrusiveList {
 public:
  constexpr IntrusiveList() {
    head_.next_ = &head_;
    head_.previous_ = &head_;
  }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  /// Must be empty.
  ~IntrusiveList() {
    HON_ASSERT(Empty());
    head_.next_ = nullptr;
  }

  [[nodiscard]] bool Empty() const { return head_.next_ == &head_; }
  /// Null when the list is empty.
  [[nodiscard]] T* First() { return At(head_.next_); }
  [[nodiscard]] const T* First() const { return At(head_.next_); }
  /// Null after the last object.
  [[nodiscard]] T* Next(T& object) { return At(NodeOf(object).next_); }
  [[nodiscard]] const T* Next(const T& object) const { return At(NodeOf(object).next_); }

  /// `object` must be in no list of this Tag.
  void PushFront(T& object) { NodeOf(object).InsertBefore(*head_.next_); }
  void PushBack(T& object) { NodeOf(object).InsertBefore(head_); }
  /// `object` must be in this list.
  static void Remove(T& object) { NodeOf(object).Leave(); }
  /// Takes the first one off; null when the list is empty.
  T* PopFront() {
    T* first = First();
    if (first != nullptr) Remove(*first);
    return first;
  }
  /// Appends all objects of `other` to this list.
  void TakeAll(IntrusiveList& other) {
    if (other.Empty()) return;
    other.head_.next_->previous_ = head_.previous_;
    other.head_.previous_->next_ = &head_;
    head_.previous_->next_ = other.head_.next_;
    head_.previous_ = other.head_.previous_;
    other.head_.next_ = &other.head_;
    other.head_.previous_ = &other.head_;
  }

  /// Calls `visit` for each object, from the first on. `visit` may remove and destroy the object
  /// that it gets, but not the next one. Objects appended during the call are visited too.
  template <class Visit>
  void ForEach(Visit&& visit) {
    Node* node = head_.next_;
    while (node != &head_) {
      T& object = *static_cast<T*>(node);
      node = node->next_;
      visit(object);
    }
  }

 private:
  using Node = IntrusiveListNode<Tag>;

  static Node& NodeOf(T& object) { return object; }
  static const Node& NodeOf(const T& object) { return object; }
  T* At(Node* node) { return node == &head_ ? nullptr : static_cast<T*>(node); }
  const T* At(const Node* node) const {
    return node == &head_ ? nullptr : static_cast<const T*>(node);
  }

  Node head_;
};

}  // namespace hon
