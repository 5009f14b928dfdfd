#include "echo.h"

#include "hon/io/io.h"

namespace hon::app {

void RegisterEcho(http::ServeMux& mux) {
  mux.HandleFunc("POST /echo", [](http::ResponseWriter& w, http::Request& r) {
    w.Header().Set("Content-Type", "application/octet-stream");
    // A copy fails when the peer is gone; no answer is possible then.
    static_cast<void>(io::Copy(w, r.Body));
  });
}

}  // namespace hon::app
