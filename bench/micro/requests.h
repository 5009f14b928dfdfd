#pragma once

// The requests whose cost is measured, and the handlers that answer them.

#include <string>
#include <string_view>
#include <vector>

#include "hon/http/serve_mux.h"

namespace hon::bench {

struct RequestCase {
  std::string_view name;
  std::string wire;    // one request, or several in a pipeline
  int requests;        // in `wire`
  std::string status;  // first line of each answer
  std::string body;    // of each answer
};

/// The cases by name: get, pipelined, browser, post, file.
[[nodiscard]] std::vector<RequestCase> RequestCases();

/// Registers the handlers of the cases; `file` is the path of a ServedFile.
void RegisterHandlers(http::ServeMux& mux, const std::string& file);

/// A temporary file for the case of that name, gone with the object.
class ServedFile {
 public:
  ServedFile();
  ~ServedFile();
  ServedFile(const ServedFile&) = delete;
  ServedFile& operator=(const ServedFile&) = delete;

  [[nodiscard]] const std::string& Path() const { return path_; }

 private:
  std::string path_;
};

/// Whether `answer` is exactly the answer of the case.
[[nodiscard]] bool IsRight(const RequestCase& request, std::string_view answer);

}  // namespace hon::bench
