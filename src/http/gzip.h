#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "hon/base/error.h"
#include "hon/io/io.h"

namespace hon::http::internal {

/// Compresses one stream at a time (RFC 1952), into a Writer. Can be used again, without taking new
/// memory.
class Gzip {
 public:
  enum class Then : uint8_t { kGoOn, kFlush, kFinish };

  explicit Gzip(int level) : level_(level) {}
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  ~Gzip();

  /// Compresses `data` and writes the output that is ready; with kFlush all output so far, with
  /// kFinish the end of the stream too. Returns the Writer's first error.
  Error Add(std::string_view data, Then then, io::Writer& to);
  /// Prepares for another stream.
  void Reset();

 private:
  void Begin();

  const int level_;
  z_stream stream_ = {};
  std::unique_ptr<char[]> output_;  // null until there is something to compress
};

/// A pool of Gzips with a maximum number in use. Any thread.
class GzipPool {
 public:
  GzipPool(int level, size_t used_max) : level_(level), used_max_(used_max) {
    free_.reserve(kFreeMax);
  }

  /// Null when all are in use.
  [[nodiscard]] std::unique_ptr<Gzip> Take();
  void GiveBack(std::unique_ptr<Gzip> gzip);

 private:
  static constexpr size_t kFreeMax = 16;

  const int level_;
  const size_t used_max_;
  std::mutex mutex_;
  size_t used_ = 0;
  std::vector<std::unique_ptr<Gzip>> free_;
};

}  // namespace hon::http::internal
