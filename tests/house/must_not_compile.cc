// Uses that the types of the API forbid: lifetimes, constness and unused errors. The compiler must
// refuse each line that ends in "error", and no other (must_not_compile_test.py).

#include <hon/hon.h>
#include <hon/httptest/recorder.h>

#include <memory>
#include <string>
#include <string_view>

namespace hon::house {

http::ServeMux MakeMux();
url::Values MakeValues();
http::Header MakeHeader();
class Greeter final : public http::Handler {
 public:
  void ServeHTTP(http::ResponseWriter& w, http::Request& r) override;
};

// Requests, writers and objects with waiters cannot be copied.
void Copies(http::Request& r, http::ResponseWriter& w, fiber::Mutex& mutex, server::Server& s) {
  http::Request kept = r;      // error
  auto writer = w;             // error
  fiber::Mutex other = mutex;  // error
  auto second = s;             // error
  http::Request moved = std::move(r);
  appcontext::Context context = moved.Context();
}

// Const objects cannot be changed, and views cannot be written through.
void Constness(const http::Request& r, const http::Header& header, const url::Values& values) {
  r.Header.Set("A", "b");    // error
  header.Del("A");           // error
  header.Get("A")[0] = 'b';  // error
  values.Set("a", "b");      // error
  std::string copy(header.Get("A"));
}

// A borrowed object must outlive its borrower: no temporaries.
void Temporaries(http::ServeMux& mux, http::Handler& handler) {
  mux.Handle("/a", Greeter());                     // error
  engine::Engine engine(MakeMux());                // error
  server::Server server{engine::Engine(handler)};  // error
  std::string& value = MakeValues().Get("a");      // error
  std::string copy = MakeValues().Get("a");
  std::string_view field = MakeHeader().Get("A");                    // error
  std::string_view known = MakeHeader().Get(http::HeaderId::kHost);  // error
  auto fields = MakeHeader().Values("A");                            // error
  std::string own = MakeHeader().Get("A");
  bool same = MakeHeader().Get("A") == "b";
  mux.Handle("/b", std::make_shared<Greeter>());
  mux.Handle("/c", handler);
}

// A handler takes its request by reference, and must be callable as one.
void Handlers(http::ServeMux& mux) {
  mux.HandleFunc("/a", [](http::ResponseWriter&, http::Request) {});  // error
  mux.HandleFunc("/b", [](http::ResponseWriter, http::Request&) {});  // error
  mux.HandleFunc("/c", [](http::ResponseWriter&) {});                 // error
  mux.HandleFunc("/d", [](http::ResponseWriter&, const http::Request&) {});
}

// An error is used or cast to void, and is not a number.
void Errors(server::Server& s, websocket::Conn& conn, const Error& err) {
  s.Listen(":0");                      // error
  conn.Close();                        // error
  websocket::Dial("ws://localhost/");  // error
  int number = err;                    // error
  bool failed = err;                   // error
  if (err) static_cast<void>(s.Listen(":0"));
}

// A time needs a unit.
void Times(server::Server& s) {
  auto a = server::WithReadTimeout(10);  // error
  auto b = server::WithReadTimeout(std::chrono::seconds(10));
  Error e = fiber::Sleep(1);  // error
  Error f = fiber::Sleep(std::chrono::milliseconds(1));
}

}  // namespace hon::house
