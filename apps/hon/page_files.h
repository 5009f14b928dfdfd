#pragma once

#include <string_view>
#include <vector>

namespace hon::app {

/// One file of the folder page, as it was when the program was built.
struct PageFile {
  std::string_view name;
  std::string_view etag;
  std::string_view data;
};

/// All of them. Written by page/embed.cmake.
const std::vector<PageFile>& PageFiles();

}  // namespace hon::app
