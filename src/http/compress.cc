#include "hon/http/compress.h"

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <utility>

#include "http/coded_tag.h"
#include "http/compress_writer.h"
#include "http/token.h"

namespace hon::http {
namespace {

constexpr int kLevelMin = 1;
constexpr int kLevelMax = 9;

constexpr std::array<std::string_view, 20> kCompressible = {
    "text/*",
    "*+json",
    "*+text",
    "*+xml",
    "application/javascript",
    "application/json",
    "application/manifest",
    "application/rtf",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-javascript",
    "application/x-ndjson",
    "application/xml",
    "application/yaml",
    "font/collection",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/vnd.microsoft.icon",
    "image/x-icon",
};

// "text/html ; charset=utf-8" without its parameters.
std::string_view Essence(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
  return type;
}

// `wanted` may be "text/*" or "*+json".
bool IsTypeLike(std::string_view type, std::string_view wanted) {
  if (wanted.starts_with('*')) {
    wanted.remove_prefix(1);
    return type.size() > wanted.size() &&
           internal::EqualFold(type.substr(type.size() - wanted.size()), wanted);
  }
  if (!wanted.ends_with("/*")) return internal::EqualFold(type, wanted);
  wanted.remove_suffix(1);
  return internal::EqualFold(type.substr(0, wanted.size()), wanted);
}

// Shared by all handlers that one CompressHandler or Compress wraps.
struct Shared {
  explicit Shared(CompressOptions chosen)
      : options(std::move(chosen)), pool(options.level, options.streams_max) {}

  const CompressOptions options;
  internal::GzipPool pool;
};

class Compressor final : public Handler {
 public:
  Compressor(HandlerPtr handler, std::shared_ptr<Shared> shared)
      : handler_(std::move(handler)), shared_(std::move(shared)) {}

  void ServeHTTP(ResponseWriter& w, Request& r) override {
    const internal::PlainTagScope tags(r, internal::TakesGzip(r));
    internal::CompressWriter writer(w, r, shared_->options, shared_->pool);
    handler_->ServeHTTP(writer, r);
    writer.Finish();
  }

 private:
  const HandlerPtr handler_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace

bool internal::IsTypeWanted(const CompressOptions& options, std::string_view type) {
  if (options.types.empty()) return IsCompressible(type);
  type = Essence(type);
  return std::any_of(options.types.begin(), options.types.end(),
                     [&](const std::string& wanted) { return IsTypeLike(type, wanted); });
}

bool IsCompressible(std::string_view type) {
  type = Essence(type);
  return !internal::EqualFold(type, "text/event-stream") &&
         std::any_of(kCompressible.begin(), kCompressible.end(),
                     [&](std::string_view wanted) { return IsTypeLike(type, wanted); });
}

Middleware Compress(CompressOptions options) {
  if (options.level < kLevelMin || options.level > kLevelMax) {
    throw std::invalid_argument("http: no such compression level: " +
                                std::to_string(options.level));
  }
  return [shared = std::make_shared<Shared>(std::move(options))](HandlerPtr handler) {
    return std::make_shared<Compressor>(std::move(handler), shared);
  };
}

HandlerPtr CompressHandler(HandlerArg handler, CompressOptions options) {
  return Compress(std::move(options))(handler.Take());
}

}  // namespace hon::http
