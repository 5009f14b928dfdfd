#pragma once

#include <string_view>
#include <vector>

namespace hon::app {

/// One file of the folder page, as of the build of the program.
struct PageFile {
  std::string_view name;
  std::string_view etag;
  std::string_view data;
};

/// All page files. Written by page/embed.cmake.
const std::vector<PageFile>& PageFiles();

}  // namespace hon::app
