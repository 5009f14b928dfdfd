// State that handlers share. The one locking rule: a std::mutex, or a thread_local that is in use,
// never across a wait. While a handler waits, other handlers run on its thread: they see its
// thread_locals, and one that wants its std::mutex stops the thread for good. A fiber::Mutex may be
// held across a wait.
//
//     c++ -std=c++20 locks.cc -o locks $(pkg-config --cflags --libs hon)
//     ./locks 127.0.0.1:8080 & sleep 1
//     curl -d 'buy milk' 127.0.0.1:8080/notes; curl 127.0.0.1:8080/notes

#include <hon/engine/engine.h>
#include <hon/fiber/fiber.h>
#include <hon/fiber/mutex.h>
#include <hon/http/serve_mux.h>
#include <hon/http/status.h>
#include <hon/server/server.h>

#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

namespace http = hon::http;
using namespace std::chrono_literals;

namespace {

/// Numbers notes and stores them in the order of their numbers.
class Notes {
 public:
  /// Storing waits, and the next note must not be numbered meanwhile: a fiber::Mutex. Returns the
  /// line that was stored.
  std::string Add(std::string_view text) {
    const std::lock_guard turn(storing_);
    const std::string line = std::to_string(++last_number_) + " " + std::string(text) + "\n";
    Store(line);
    return line;
  }

  /// Nothing waits while the lines are copied: a std::mutex, which is the quickest.
  std::string All() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  void Store(const std::string& line) {
    static_cast<void>(hon::fiber::Sleep(1ms));  // in place of a slow disk
    const std::lock_guard lock(mutex_);
    lines_ += line;
  }

  hon::fiber::Mutex storing_;  // guards the members below; held while storing
  int last_number_ = 0;
  mutable std::mutex mutex_;  // guards lines_; never held across a wait
  std::string lines_;
};

/// All handlers of one thread share the buffer. Nothing waits between the first and the last use of
/// the buffer; the result is a copy.
std::string Shout(std::string_view text) {
  thread_local std::string buffer;
  buffer.clear();
  for (const char c : text) buffer += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return buffer;
}

}  // namespace

int main(int argc, char** argv) {
  Notes notes;
  http::ServeMux mux;
  mux.HandleFunc("POST /notes", [&](http::ResponseWriter& w, http::Request& r) {
    const hon::Result<std::string> body = r.Body.ReadAll();  // may wait
    if (!body) return w.WriteHeader(http::StatusBadRequest);
    const std::string text = Shout(*body);
    w.Write(notes.Add(text));  // waits: `text` is memory of this handler
  });
  mux.HandleFunc("GET /notes",
                 [&](http::ResponseWriter& w, http::Request&) { w.Write(notes.All()); });
  hon::engine::Engine engine(mux);
  hon::server::Server server(engine, hon::server::WithLoops(1));
  const hon::Error err = server.Serve(argc > 1 ? argv[1] : ":8080");
  std::fprintf(stderr, "%s\n", err.Message().c_str());
  return 1;
}
