// A multipart body reads the same for every split of its bytes, within its limits, and its names
// are harmless.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "hon/base/assert.h"
#include "hon/http/multipart.h"

namespace {

using hon::Error;
using hon::Result;
namespace io = hon::io;
namespace multipart = hon::multipart;

// Gives at most `step` bytes at a time.
class SteppedReader final : public io::Reader {
 public:
  SteppedReader(std::string_view text, size_t step) : rest_(text), step_(step) {}
  io::IoResult Read(std::span<char> into) override {
    if (rest_.empty()) return {0, io::ErrEof};
    const size_t n = rest_.copy(into.data(), std::min(step_, into.size()));
    rest_.remove_prefix(n);
    return {n, {}};
  }

 private:
  std::string_view rest_;
  size_t step_;
};

void RequireHarmless(const std::string& name) {
  HON_ASSERT(name != "." && name != "..");
  HON_ASSERT(std::none_of(name.begin(), name.end(), [](char c) {
    return c == '/' || c == '\\' || (static_cast<unsigned char>(c) < ' ' && c != '\t') ||
           c == '\x7F';
  }));
}

// Everything that a reader can see, as text.
std::string Show(std::string_view body, size_t step) {
  SteppedReader stepped(body, step);
  multipart::Reader reader(stepped, "B", {.headers_max = 10, .header_bytes_max = 3000});
  std::string shown;
  for (;;) {
    const Result<multipart::Part*> part = reader.NextPart();
    if (!part) return shown + "!" + part.error().Message();
    multipart::Part& p = **part;
    RequireHarmless(p.FileName());
    HON_ASSERT(p.Header.Len() <= 10);
    shown.append("[").append(p.FormName()).append("|").append(p.FileName()).append("]");
    for (const hon::http::Header::Field& field : p.Header) {
      shown.append(field.name).append(":").append(field.value).append(";");
    }
    std::string buffer(step, '\0');
    Error err;
    while (!err) {
      io::IoResult got = p.Read(std::span(buffer));
      HON_ASSERT(got.n <= buffer.size());
      shown.append(buffer, 0, got.n);
      err = std::move(got.err);
    }
    shown += "?" + err.Message();
  }
}

void ReadAsForm(std::string_view body) {
  const multipart::Limits limits = {.memory_bytes_max = 16,
                                    .value_bytes_max = 4000,
                                    .parts_max = 8,
                                    .file_bytes_max = 64,
                                    .disk_bytes_max = 100};
  io::StringReader text(body);
  multipart::Reader reader(text, "B", limits);
  const auto form = reader.ReadForm();
  if (!form) return;
  int64_t total = 0;
  for (const auto& [name, files] : (*form)->File) {
    for (const multipart::FileHeader& file : files) {
      const std::string content = io::ReadAll(**file.Open()).value();
      HON_ASSERT(file.Size == static_cast<int64_t>(content.size()));
      HON_ASSERT(file.Size <= limits.file_bytes_max);
      total += file.Size;
    }
  }
  HON_ASSERT(total <= limits.memory_bytes_max + limits.disk_bytes_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const std::string whole = Show(body, multipart::kLineBytesMax);
  HON_ASSERT(Show(body, 1) == whole);
  HON_ASSERT(Show(body, 7) == whole);
  ReadAsForm(body);
  return 0;
}
