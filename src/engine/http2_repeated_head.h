#pragma once

#include <cstdint>
#include <utility>

#include "hon/base/assert.h"
#include "hon/h2/field_section.h"
#include "hon/h2/session.h"
#include "hon/http/header.h"

namespace hon::engine {

/// The head of requests whose field blocks are the same bytes, as a client sends them that calls
/// one target again and again: decoded and judged once, and shared by the exchanges of a
/// connection. Used on the loop's thread; a handler on a worker reads texts of `fields`, which do
/// not change while an exchange refers to them.
class RepeatedHead {
 public:
  /// A counted reference, or none.
  class Ref {
   public:
    Ref() = default;
    explicit Ref(RepeatedHead& head) : head_(&head) { ++head.references_; }
    Ref(const Ref&) = delete;
    Ref& operator=(const Ref&) = delete;
    ~Ref() { Reset(); }

    [[nodiscard]] RepeatedHead* Get() const { return head_; }
    void Set(RepeatedHead& head) {
      HON_ASSERT(head_ == nullptr);
      head_ = &head;
      ++head.references_;
    }
    void Reset() {
      RepeatedHead* const head = std::exchange(head_, nullptr);
      if (head != nullptr && --head->references_ == 0) delete head;
    }

   private:
    RepeatedHead* head_ = nullptr;
  };

  RepeatedHead() = default;
  RepeatedHead(const RepeatedHead&) = delete;
  RepeatedHead& operator=(const RepeatedHead&) = delete;

  /// Whether the only reference is the caller's.
  [[nodiscard]] bool Unshared() const { return references_ == 1; }
  [[nodiscard]] bool Empty() const { return fields.lines.empty(); }
  /// Blank again, for another block; unshared.
  void Clear() {
    HON_ASSERT(Unshared());
    header.Reset();
    fields.Reset();
    judged = false;
    authority_valid = false;
  }

  h2::FieldBuffer fields;
  /// The results of h2::ReadRequestFields for `fields`, once `judged`.
  h2::Violation violation;
  h2::RequestFields request;
  http::Header header;
  bool judged = false;
  bool authority_valid = false;  // adaptor::FillRequest has accepted request.authority

 private:
  ~RepeatedHead() = default;

  uint32_t references_ = 0;
};

}  // namespace hon::engine
