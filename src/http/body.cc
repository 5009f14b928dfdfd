#include "hon/http/body.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hon::http {
namespace {

class StringSource final : public BodySource {
 public:
  explicit StringSource(std::string text) : text_(std::move(text)) {}

  io::IoResult Read(std::span<char> into) override {
    if (closed_) return {0, ErrBodyReadAfterClose};
    const size_t size = std::min(into.size(), text_.size() - at_);
    if (into.empty()) return {};
    if (size == 0) return {0, io::ErrEof};
    std::memcpy(into.data(), text_.data() + at_, size);
    at_ += size;
    return {size, {}};
  }

  Error Close() override {
    closed_ = true;
    return {};
  }

 private:
  std::string text_;
  size_t at_ = 0;
  bool closed_ = false;
};

}  // namespace

Body Body::FromString(std::string text) {
  if (text.empty()) return Body();
  return Body(std::make_shared<StringSource>(std::move(text)));
}

}  // namespace hon::http
