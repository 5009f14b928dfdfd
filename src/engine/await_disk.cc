#include "engine/await_disk.h"

#include "hon/fiber/blocking.h"
#include "hon/io/file.h"

namespace hon::engine {

bool AwaitDisk(const io::File& file, int64_t offset, int64_t count, io::PageCacheProbe& files,
               TimePoint now) {
  const int fd = file.Fd();
  const auto size = static_cast<size_t>(count);
  if (files.Finds(fd, offset, size, now)) return false;
  return fiber::Blocking([=] { io::ReadIntoPageCache(fd, offset, size); }).has_value();
}

}  // namespace hon::engine
