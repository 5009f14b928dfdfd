// Endpoints that read forms and cookies.

#include <stdexcept>
#include <string>

#include "endpoints.h"
#include "hon/http/cookie.h"
#include "hon/http/form.h"
#include "hon/http/multipart.h"

namespace hon::wire {
namespace {

constexpr int64_t kMemoryBytesMax = 64 * 1024;  // the rest of a multipart body goes to disk
constexpr size_t kShownBytesMax = 64;           // of a file's content

void AddLines(std::string& text, std::string_view kind, const url::Values& values) {
  for (const auto& [name, list] : values) {
    for (const std::string& value : list) {
      text.append(kind).append(" ").append(name).append("=").append(value).append("\n");
    }
  }
}

void Answer(http::ResponseWriter& w, const Error& err, std::string_view text) {
  w.Header().Set("Content-Type", "text/plain; charset=utf-8");
  if (err) {
    w.WriteHeader(400);
    w.Write("error\n");
  }
  w.Write(text);
}

void AddFile(std::string& text, std::string_view field, const multipart::FileHeader& file) {
  text.append("file ").append(field).append(" ").append(file.Filename).append(" ");
  text.append(std::to_string(file.Size)).append(" ").append(file.Header.Get("Content-Type"));
  if (Result<std::unique_ptr<multipart::File>> open = file.Open()) {
    std::string start(kShownBytesMax, '\0');
    start.resize(io::ReadFull(**open, start).n);
    text.append(" ").append(start);
  }
  text.append("\n");
}

void Multipart(http::ResponseWriter& w, http::Request& r) {
  const Error err = r.ParseMultipartForm(kMemoryBytesMax);
  if (r.URL.RawQuery == "throw") throw std::runtime_error("as asked");
  std::string text;
  AddLines(text, "form", r.Form());
  if (const multipart::Form* form = r.MultipartForm()) {
    AddLines(text, "value", form->Value);
    for (const auto& [field, files] : form->File) {
      for (const multipart::FileHeader& file : files) AddFile(text, field, file);
    }
  }
  Answer(w, err, text);
}

void Cookies(http::ResponseWriter& w, http::Request& r) {
  std::string text;
  for (const http::Cookie& cookie : r.Cookies()) {
    text.append(cookie.Name).append("=").append(cookie.Value);
    text.append(cookie.Quoted ? " quoted\n" : "\n");
  }
  http::SetCookie(w, {.Name = "seen",
                      .Value = "a b",
                      .Path = "/",
                      .MaxAge = 60,
                      .Secure = true,
                      .HttpOnly = true,
                      .SameSite = http::SameSiteLaxMode});
  Answer(w, {}, text);
}

}  // namespace

void ShowForm(http::ResponseWriter& w, http::Request& r) {
  const Error err = r.ParseForm();
  std::string text;
  AddLines(text, "form", r.Form());
  AddLines(text, "post", r.PostForm());
  Answer(w, err, text);
}

void RegisterForms(http::ServeMux& mux) {
  mux.HandleFunc("/form", ShowForm);
  mux.HandleFunc("/multipart", Multipart);
  mux.HandleFunc("/cookies", Cookies);
}

}  // namespace hon::wire
