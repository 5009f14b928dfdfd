#include "engine/await_disk.h"

#include "hon/fiber/blocking.h"
#include "hon/io/file.h"
#include "io/page_cache.h"

namespace hon::engine {

bool AwaitDisk(const io::File& file, int64_t offset, int64_t count) {
  const int fd = file.Fd();
  const auto size = static_cast<size_t>(count);
  if (io::InPageCache(fd, offset, size)) return false;
  return fiber::Blocking([=] { io::ReadIntoPageCache(fd, offset, size); }).has_value();
}

}  // namespace hon::engine
