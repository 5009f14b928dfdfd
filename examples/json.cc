// A small JSON service: counters by name.
//
//     c++ -std=c++20 json.cc -o json $(pkg-config --cflags --libs hon)
//     ./json 127.0.0.1:8080
//     curl -d by=2 127.0.0.1:8080/counters/apples        {"name":"apples","value":2}
//     curl 127.0.0.1:8080/counters                       {"apples":2}

#include <hon/http/reply.h>
#include <hon/http/serve_mux.h>
#include <hon/http/status.h>
#include <hon/server/server.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace http = hon::http;

namespace {

constexpr size_t kCountersMax = 1000;  // clients choose the names
constexpr size_t kNameBytesMax = 32;

// Letters, digits and dashes: nothing that JSON would have to escape.
bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

void AnswerJson(http::ResponseWriter& w, std::string_view json) {
  w.Header().Set("Content-Type", "application/json");
  w.Write(json);
}

class Counters {
 public:
  void List(http::ResponseWriter& w, http::Request&) {
    std::string json;
    {
      const std::lock_guard lock(mutex_);  // handlers run on several threads
      for (const auto& [name, value] : values_) {
        json += (json.empty() ? "{\"" : ",\"") + name + "\":" + std::to_string(value);
      }
    }
    AnswerJson(w, json.empty() ? "{}" : json + "}");
  }

  void Add(http::ResponseWriter& w, http::Request& r) {
    const std::string name(r.PathValue("name"));
    const std::string_view by = r.FormValue("by");  // of the body or the query
    int32_t step = 0;
    const auto [end, problem] = std::from_chars(by.data(), by.data() + by.size(), step);
    if (!IsName(name) || problem != std::errc() || end != by.data() + by.size()) {
      return http::ReplyError(
          w, "want a name of a-z, 0-9 and -, and a number by=", http::StatusBadRequest);
    }
    int64_t value = 0;
    {
      const std::lock_guard lock(mutex_);
      if (values_.size() >= kCountersMax && values_.count(name) == 0) {
        return http::ReplyError(w, "too many counters", http::StatusInsufficientStorage);
      }
      value = values_[name] += step;
    }
    AnswerJson(w, "{\"name\":\"" + name + "\",\"value\":" + std::to_string(value) + "}");
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int64_t> values_;
};

}  // namespace

int main(int argc, char** argv) {
  Counters counters;
  http::ServeMux mux;
  mux.HandleFunc("GET /counters", [&](auto& w, auto& r) { counters.List(w, r); });
  mux.HandleFunc("POST /counters/{name}", [&](auto& w, auto& r) { counters.Add(w, r); });
  const hon::Error err = hon::server::ListenAndServe(argc > 1 ? argv[1] : ":8080", mux);
  std::fprintf(stderr, "%s\n", err.Message().c_str());
  return 1;
}
