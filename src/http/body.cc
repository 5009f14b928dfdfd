#include "hon/http/body.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "hon/http/replay.h"
#include "hon/io/file.h"

namespace hon::http {
namespace {

using Text = std::shared_ptr<const std::string>;

class StringSource final : public ReplayableSource {
 public:
  explicit StringSource(Text text) : text_(std::move(text)) {}

  io::IoResult Read(std::span<char> into) override {
    if (closed_) return {0, ErrBodyReadAfterClose};
    const size_t size = std::min(into.size(), text_->size() - at_);
    if (into.empty()) return {};
    if (size == 0) return {0, io::ErrEof};
    std::memcpy(into.data(), text_->data() + at_, size);
    at_ += size;
    return {size, {}};
  }

  Error Close() override {
    closed_ = true;
    return {};
  }

  [[nodiscard]] int64_t Length() const override { return static_cast<int64_t>(text_->size()); }
  [[nodiscard]] std::string_view Memory() const override {
    return at_ == 0 && !closed_ ? std::string_view(*text_) : std::string_view();
  }
  [[nodiscard]] Result<Body> Again() const override {
    return Body(std::make_shared<StringSource>(text_));
  }

 private:
  Text text_;
  size_t at_ = 0;
  bool closed_ = false;
};

using ReaderPtr = std::shared_ptr<io::Reader>;

class ReaderSource final : public ReplayableSource {
 public:
  using Get = std::function<Result<ReaderPtr>()>;
  ReaderSource(ReaderPtr reader, Get get, int64_t length)
      : reader_(std::move(reader)), get_(std::move(get)), length_(length) {}

  io::IoResult Read(std::span<char> into) override {
    if (closed_) return {0, ErrBodyReadAfterClose};
    if (reader_ == nullptr) {
      Result<ReaderPtr> reader = get_();
      if (!reader) return {0, std::move(reader.error())};
      reader_ = std::move(*reader);
    }
    return reader_->Read(into);
  }

  Error Close() override {
    closed_ = true;
    return {};
  }

  [[nodiscard]] int64_t Length() const override { return length_; }
  [[nodiscard]] bool Replayable() const override { return get_ != nullptr; }
  [[nodiscard]] Result<Body> Again() const override {
    if (get_ == nullptr) return Fail(ErrBodyReadAfterClose);
    return Body(std::make_shared<ReaderSource>(nullptr, get_, length_));
  }

 private:
  ReaderPtr reader_;  // null: get_ makes it
  Get get_;
  int64_t length_;
  bool closed_ = false;
};

}  // namespace

Body Body::FromString(std::string text) {
  if (text.empty()) return Body();
  return Body(std::make_shared<StringSource>(std::make_shared<const std::string>(std::move(text))));
}

int64_t LengthOf(const Body& body) {
  if (body.IsNoBody()) return 0;
  const auto* source = dynamic_cast<const ReplayableSource*>(body.Source());
  return source == nullptr ? -1 : source->Length();
}

bool IsReplayable(const Body& body) {
  if (body.IsNoBody()) return true;
  const auto* source = dynamic_cast<const ReplayableSource*>(body.Source());
  return source != nullptr && source->Replayable();
}

Result<Body> GetBody(const Body& body) {
  if (body.IsNoBody()) return Body();
  const auto* source = dynamic_cast<const ReplayableSource*>(body.Source());
  if (source == nullptr) return Fail(ErrBodyReadAfterClose);
  return source->Again();
}

Body ReaderBody(ReaderPtr reader, int64_t length) {
  return Body(std::make_shared<ReaderSource>(std::move(reader), nullptr, length));
}

Body ReaderBody(std::function<Result<ReaderPtr>()> get, int64_t length) {
  return Body(std::make_shared<ReaderSource>(nullptr, std::move(get), length));
}

Result<Body> FileBody(const std::string& path) {
  HON_TRY(io::File file, io::File::Open(path));
  HON_TRY(const int64_t size, file.Size());
  const auto get = [path]() -> Result<ReaderPtr> {
    HON_TRY(io::File again, io::File::Open(path));
    return std::make_shared<io::File>(std::move(again));
  };
  return Body(
      std::make_shared<ReaderSource>(std::make_shared<io::File>(std::move(file)), get, size));
}

}  // namespace hon::http
