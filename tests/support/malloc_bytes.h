#pragma once

// Memory by connection: the bytes that malloc has given out.

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstddef>
#include <cstdio>

namespace hon::test {

inline size_t BytesGivenOut() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// The bytes that each of `count` connections costs, which `open(count)` opens, behind `warm` of
/// them for what only the first ones need. The figure is printed and recorded.
template <class Open>
size_t BytesOfEach(size_t warm, size_t count, const Open& open) {
  open(warm);
  const size_t before = BytesGivenOut();
  open(count);
  const size_t each = (BytesGivenOut() - before) / count;
  ::testing::Test::RecordProperty("bytes_per_connection", static_cast<int>(each));
  std::printf("an idle connection costs %zu bytes\n", each);
  return each;
}

}  // namespace hon::test
