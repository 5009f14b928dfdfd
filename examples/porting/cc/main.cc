// A small server of notes: the C++ half of docs/PORTING.md.
#include <hon/engine/engine.h>
#include <hon/fiber/channel.h>
#include <hon/fiber/select.h>
#include <hon/http/file_server.h>
#include <hon/http/form.h>
#include <hon/http/middleware.h>
#include <hon/http/reply.h>
#include <hon/http/serve_mux.h>
#include <hon/http/server_context.h>
#include <hon/server/server.h>
#include <hon/server/signals.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace hon;  // Go's package names are the namespaces: http::, io::, url::
using nlohmann::json;
using std::chrono::seconds;

// Go's defer.
class Deferred {
 public:
  explicit Deferred(std::function<void()> call) : call_(std::move(call)) {}
  Deferred(const Deferred&) = delete;
  ~Deferred() { call_(); }

 private:
  std::function<void()> call_;
};

struct Note {
  int id = 0;
  std::string text;
};

void to_json(json& to, const Note& n) { to = {{"id", n.id}, {"text", n.text}}; }

class Store {
 public:
  using Listener = fiber::Channel<Note>;

  Note Add(std::string text) {
    const std::lock_guard lock(mu_);
    Note n{static_cast<int>(notes_.size()) + 1, std::move(text)};
    notes_.push_back(n);
    for (Listener* listener : listeners_) {
      static_cast<void>(listener->TrySend(n));  // a slow listener misses numbers
    }
    return n;
  }

  std::optional<Note> Get(int id) {
    const std::lock_guard lock(mu_);
    if (id < 1 || id > static_cast<int>(notes_.size())) return std::nullopt;
    return notes_[static_cast<size_t>(id) - 1];
  }

  std::vector<Note> All() {
    const std::lock_guard lock(mu_);
    return notes_;
  }

  void Listen(Listener& listener) {
    const std::lock_guard lock(mu_);
    listeners_.insert(&listener);
  }

  void Leave(Listener& listener) {
    const std::lock_guard lock(mu_);
    listeners_.erase(&listener);
  }

 private:
  std::mutex mu_;
  std::vector<Note> notes_;
  std::set<Listener*> listeners_;
};

void WriteJson(http::ResponseWriter& w, int status, const json& value) {
  w.Header().Set("Content-Type", "application/json");
  w.WriteHeader(status);
  w.Write(value.dump() + "\n");
}

void Create(Store& s, http::ResponseWriter& w, http::Request& r) {
  const Result<std::string> body = http::MaxBytesReader(w, r.Body, 64 << 10).ReadAll();
  if (!body) return http::ReplyError(w, body.error().Message(), http::StatusRequestEntityTooLarge);
  std::string text;
  try {
    text = json::parse(*body).at("text").get<std::string>();
  } catch (const json::exception&) {  // text stays empty
  }
  if (text.empty()) {
    return http::ReplyError(w, "a note needs a text", http::StatusBadRequest);
  }
  const Note n = s.Add(text);
  w.Header().Set("Location", "/notes/" + std::to_string(n.id));
  WriteJson(w, http::StatusCreated, n);
}

void List(Store& s, http::ResponseWriter& w, http::Request&) {
  WriteJson(w, http::StatusOK, s.All());
}

void Show(Store& s, http::ResponseWriter& w, http::Request& r) {
  const std::string_view digits = r.PathValue("id");
  int id = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), id);
  const std::optional<Note> n = s.Get(id);
  if (!n) return http::NotFound(w, r);
  WriteJson(w, http::StatusOK, *n);
}

void Events(Store& s, http::ResponseWriter& w, http::Request& r) {
  Store::Listener listener(16);
  s.Listen(listener);
  const auto until = appcontext::WithCancel(r.Context());
  const auto stop =
      appcontext::AfterFunc(http::ShutdownContext(r.Context()), [&] { until.cancel(); });
  const Deferred leave([&] {
    stop();
    s.Leave(listener);
  });
  w.Header().Set("Content-Type", "text/event-stream");
  if (w.Flush()) return;
  std::optional<Note> n;
  while (fiber::Select(until.context, {listener.ToReceive(n)}) == 0) {
    w.Write("id: " + std::to_string(n->id) + "\ndata: " + n->text + "\n\n");
    if (w.Flush()) return;
  }
}

http::HandlerFunc::Function Upload(const std::string& dir) {
  return [dir](http::ResponseWriter& w, http::Request& r) {
    Result<multipart::FormFile> form = r.FormFile("file");
    if (!form) return http::ReplyError(w, form.error().Message(), http::StatusBadRequest);
    const std::string& name = form->header->Filename;
    Result<io::File> to = io::File::Create(dir + "/" + name);
    if (!to) return http::ReplyError(w, "cannot store it", http::StatusInternalServerError);
    const io::CopyResult copied = io::Copy(*to, *form->file);
    if (copied.err) return http::ReplyError(w, "cannot store it", http::StatusInternalServerError);
    WriteJson(w, http::StatusCreated, {{"name", name}, {"size", copied.n}});
  };
}

http::HandlerPtr Logged(http::HandlerPtr next) {
  return std::make_shared<http::HandlerFunc>([next](http::ResponseWriter& w, http::Request& r) {
    const auto start = std::chrono::steady_clock::now();
    next->ServeHTTP(w, r);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::fprintf(stderr, "%s %s %.3fs\n", std::string(r.Method).c_str(), r.URL.Path.c_str(),
                 took.count());
  });
}

int main(int argc, char** argv) {
  server::SignalWaiter signals;  // before any other thread is started
  if (argc != 3) {
    std::fprintf(stderr, "usage: notes ADDRESS DIRECTORY\n");
    return 1;
  }
  const std::string dir = argv[2];
  Store s;

  auto mux = std::make_shared<http::ServeMux>();
  mux->HandleFunc("GET /{$}", [](http::ResponseWriter& w, http::Request&) {
    w.Write("<!DOCTYPE html><title>Notes</title><p>See /notes.</p>\n");
  });
  mux->HandleFunc("GET /notes", [&s](auto& w, auto& r) { List(s, w, r); });
  mux->HandleFunc("POST /notes", [&s](auto& w, auto& r) { Create(s, w, r); });
  mux->HandleFunc("GET /notes/{id}", [&s](auto& w, auto& r) { Show(s, w, r); });
  mux->HandleFunc("GET /events", [&s](auto& w, auto& r) { Events(s, w, r); });
  mux->HandleFunc("POST /upload", Upload(dir));
  mux->Handle("GET /files/",
              http::StripPrefix("/files/", std::make_shared<http::FileServer>(http::Dir(dir))));

  const http::HandlerPtr handler = Logged(mux);
  engine::Engine engine(*handler);
  server::Server server(engine, server::WithReadTimeout(seconds(10)));
  if (const Error err = server.Listen(argv[1])) {
    std::fprintf(stderr, "%s\n", err.Message().c_str());
    return 1;
  }
  std::printf("listening on http://%s\n", server.Addresses().front().c_str());
  std::fflush(stdout);

  std::thread stopper([&] {
    signals.Wait();
    const auto [grace, cancel] = appcontext::WithTimeout(appcontext::Background(), seconds(5));
    static_cast<void>(server.Shutdown(grace));
  });
  const Error err = server.Serve();
  stopper.join();
  return err.Is(http::ErrServerClosed) ? 0 : 1;
}
