#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

namespace hon::test {

/// The content of `data` (RFC 1952), up to the point where it stops; `whole` tells whether the data
/// is complete.
struct Gunzipped {
  std::string text;
  bool whole = false;
};

inline Gunzipped Gunzip(std::string_view data) {
  Gunzipped found;
  z_stream stream = {};
  constexpr int kGzipOnly = 15 + 16;
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return found;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  int result = Z_OK;
  while (result == Z_OK) {
    char part[4096];
    stream.next_out = reinterpret_cast<Bytef*>(part);
    stream.avail_out = sizeof part;
    result = inflate(&stream, Z_SYNC_FLUSH);
    found.text.append(part, sizeof part - stream.avail_out);
  }
  found.whole = result == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  return found;
}

}  // namespace hon::test
