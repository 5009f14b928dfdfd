#include <hon/http/file_server.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "site_files.h"

namespace {

using hon::Result;
using hon::http::FsFile;

// "" when there is no such file.
std::string Read(std::string_view name) {
  Result<std::unique_ptr<FsFile>> file = site_files().Open(name);
  if (!file) return "";
  Result<std::string> text = hon::io::ReadAll(**file, 10000);
  return text ? *text : "";
}

int failures = 0;

void Expect(std::string_view name, std::string_view text) {
  if (Read(name) == text) return;
  std::fprintf(stderr, "%s: %s\n", std::string(name).c_str(), Read(name).c_str());
  ++failures;
}

}  // namespace

// The output shows which of the two folders the program was built with.
int main(int, char** argv) {
  const bool second = std::string_view(argv[1]) == "second";
  Expect("index.html", "<!DOCTYPE html>\n<title>\"embedded\" \\ ?\?=</title>\n");
  Expect("css/site.css", second ? "b {}" : "a {}\n");
  Expect("two words & more.txt", "words");
  Expect(".hidden", "hidden");
  Expect("new.txt", second ? "new" : "");
  std::string bytes;
  for (int i = 0; i < 3 * 256; ++i) bytes += static_cast<char>(i);
  Expect("bytes.bin", bytes);
  if (!site_files().Open("empty").has_value()) ++failures;
  if ((*site_files().Open("css/site.css"))->Stat()->ETag.size() != 34) ++failures;
  const hon::http::FileServer server(site_files());
  return failures == 0 ? 0 : 1;
}
