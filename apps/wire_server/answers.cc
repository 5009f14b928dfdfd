// The operations on a ResponseWriter, one endpoint each, under "/answer/{what}".

#include <array>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "endpoints.h"
#include "hon/http/middleware.h"
#include "hon/http/reply.h"
#include "text.h"

namespace hon::wire {
namespace {

using http::Request;
using http::ResponseWriter;
using Answers = std::map<std::string, http::HandlerFunc::Function, std::less<>>;

// A Reader that is no file.
class StringReader final : public io::Reader {
 public:
  explicit StringReader(std::string_view text) : rest_(text) {}
  io::IoResult Read(std::span<char> into) override {
    if (rest_.empty()) return {0, io::ErrEof};
    const size_t n = rest_.copy(into.data(), into.size());
    rest_.remove_prefix(n);
    return {n, {}};
  }

 private:
  std::string_view rest_;
};

http::HandlerFunc::Function Sized(std::string length, std::vector<std::string> parts) {
  return [length, parts](ResponseWriter& w, Request&) {
    w.Header().Set("Content-Length", length);
    for (const std::string& part : parts) w.Write(part);
  };
}

http::HandlerFunc::Function With(std::string name, std::string value) {
  return [name, value](ResponseWriter& w, Request&) {
    w.Header().Set(name, value);
    Text(w, name == "Connection" ? "connection\n" : "coded\n");
  };
}

http::HandlerFunc::Function Bodied(int status) {
  return [status](ResponseWriter& w, Request&) {
    w.WriteHeader(status);
    w.Write("no body\n");
  };
}

http::HandlerFunc::Function Coded(int status, bool tagged) {
  return [status, tagged](ResponseWriter& w, Request&) {
    w.Header().Set("Content-Type", "text/plain");
    w.Header().Set("Content-Length", "3");
    if (tagged) w.Header().Set("Etag", "\"x\"");
    w.WriteHeader(status);
  };
}

void AddHeads(Answers& answers) {
  answers["twice"] = [](ResponseWriter& w, Request&) {
    w.WriteHeader(201);
    w.WriteHeader(404);
    w.Write("created\n");
  };
  answers["status-behind-body"] = [](ResponseWriter& w, Request&) {
    w.Write("first\n");
    w.WriteHeader(404);
  };
  answers["late-field"] = [](ResponseWriter& w, Request&) {
    w.Header().Set("X-Early", "1");
    w.WriteHeader(200);
    w.Header().Set("X-Early", "2");
    w.Header().Set("X-Late", "1");
    w.Write("body\n");
  };
  answers["nothing"] = [](ResponseWriter&, Request&) {};
  answers["empty-write"] = [](ResponseWriter& w, Request&) { w.Write(""); };
  answers["code-0"] = [](ResponseWriter& w, Request&) { w.WriteHeader(0); };
  answers["code-99"] = [](ResponseWriter& w, Request&) { w.WriteHeader(99); };
  answers["code-1000"] = [](ResponseWriter& w, Request&) { w.WriteHeader(1000); };
}

void AddFields(Answers& answers) {
  answers["no-date"] = [](ResponseWriter& w, Request&) {
    w.Header().Suppress("Date");
    w.Header().Suppress("Content-Type");
    w.Write("<html>");
  };
  answers["own-date"] = [](ResponseWriter& w, Request&) {
    w.Header().Set("X-Date", "kept");
    w.Header().Set("Date", "Thu, 01 Jan 1970 00:00:00 GMT");
    Text(w, "dated\n");
  };
  answers["many-fields"] = [](ResponseWriter& w, Request&) {
    for (const std::string name :
         {"x-b", "Zeta", "x-a", "Alpha", "x-b", "etag", "www-authenticate"}) {
      w.Header().Add(name, "of " + name);
    }
    Text(w, "fields\n");
  };
  answers["lower-case"] = [](ResponseWriter& w, Request&) {
    w.Header().AddExact("x-lower", "1");
    w.Header().AddExact("x-lower", "2");
    Text(w, "as spelt\n");
  };
  answers["bad-names"] = [](ResponseWriter& w, Request&) {
    for (const char* name : {"X Y", "X:Y", "", "X\r\nY", "X\xc3"}) w.Header().Set(name, "1");
    Text(w, "dropped\n");
  };
  answers["bad-values"] = [](ResponseWriter& w, Request&) {
    w.Header().Set("X-A", "a\r\nX-B: b");
    w.Header().Set("X-C", "  c\t ");
    w.Header().Set("X-D", "\n\nd\r");
    Text(w, "made harmless\n");
  };
  answers["deleted"] = [](ResponseWriter& w, Request&) {
    w.Header().Add("X-A", "1");
    w.Header().Add("X-A", "2");
    w.Header().Del("x-a");
    w.Header().Set("X-B", "1");
    w.Header().Set("x-b", "2");
    Text(w, std::string(w.Header().Get("X-b")) + "\n");
  };
}

void AddFraming(Answers& answers) {
  answers["length-kept"] = Sized("3", {"abc"});
  answers["length-in-parts"] = Sized("6", {"abc", "def"});
  answers["length-overrun"] = Sized("3", {"abc", "def"});
  answers["length-overrun-all"] = Sized("3", {"abcdef"});
  answers["length-underrun"] = Sized("10", {"abc"});
  answers["length-unused"] = Sized("10", {});
  answers["length-no-number"] = Sized("abc", {"abc"});
  answers["length-negative"] = Sized("-3", {"abc"});
  answers["length-and-coding"] = [](ResponseWriter& w, Request& r) {
    w.Header().Set("Transfer-Encoding", "chunked");
    Sized("3", {"abc"})(w, r);
  };
  for (const std::string coding : {"chunked", "identity", "gzip"}) {
    answers["coding-" + coding] = With("Transfer-Encoding", coding);
  }
  answers["flush-first"] = [](ResponseWriter& w, Request&) {
    static_cast<void>(w.Flush());
    w.Write("<html>not sniffed");
  };
  answers["flush-between"] = [](ResponseWriter& w, Request&) {
    w.Write("<html>a");
    static_cast<void>(w.Flush());
    w.Write("b");
  };
  answers["flush-only"] = [](ResponseWriter& w, Request&) { static_cast<void>(w.Flush()); };
  answers["copied"] = [](ResponseWriter& w, Request&) {
    w.Header().Set("Content-Type", "text/plain");
    StringReader from(Pattern().substr(0, 5000));
    w.ReadFrom(from);
  };
  answers["copied-sized"] = [](ResponseWriter& w, Request&) {
    w.Header().Set("Content-Length", "5000");
    StringReader from(Pattern().substr(0, 5000));
    w.ReadFrom(from);
  };
  answers["sniff-coded"] = [](ResponseWriter& w, Request&) {
    w.Header().Set("Content-Encoding", "x");
    w.Write("<html>");
  };
}

void AddStatuses(Answers& answers) {
  for (const int status : {204, 205, 304}) {
    answers[std::to_string(status) + "-body"] = Bodied(status);
  }
  answers["204-fields"] = Coded(204, false);
  answers["304-fields"] = Coded(304, true);
  answers["101"] = [](ResponseWriter& w, Request&) {
    w.Header().Set("Connection", "Upgrade");
    w.Header().Set("Upgrade", "x");
    w.WriteHeader(101);
  };
  answers["informational"] = [](ResponseWriter& w, Request&) {
    w.Header().Set("X-A", "1");
    w.Header().Set("Content-Length", "5");
    w.WriteHeader(102);
    w.Header().Add("X-A", "2");
    w.WriteHeader(103);
    w.WriteHeader(100);
    w.Write("done\n");
  };
  for (const std::string value : {"close", "Close", "x"}) {
    answers["connection-" + value] = With("Connection", value);
  }
  answers["connection-x-close"] = [](ResponseWriter& w, Request&) {
    w.Header().Set("Connection", "x, close");
    Text(w, "closing\n");
  };
  answers["connection-lines"] = [](ResponseWriter& w, Request&) {
    w.Header().Add("Connection", "keep-alive");
    w.Header().Add("Connection", "close");
    Text(w, "closing\n");
  };
}

void AddTrailers(Answers& answers) {
  answers["trailers"] = [](ResponseWriter& w, Request&) {
    w.Header().Set("Trailer", "X-B, X-A, X-Unset");
    Text(w, "body\n");
    w.Header().Set("X-A", "1");
    w.Header().Add("X-B", "2");
    w.Header().Add("X-B", "3");
    w.Header().Set("X-Undeclared", "4");
  };
  answers["trailers-forbidden"] = [](ResponseWriter& w, Request&) {
    w.Header().Set("Trailer", "X-A, Content-Length, Host, Cache-Control, Trailer");
    Text(w, "body\n");
    w.Header().Set("X-A", "1");
    w.Header().Set("Cache-Control", "no-store");
    w.Header().Set("Host", "x");
  };
  const std::string prefixed = std::string(http::TrailerPrefix) + "X-A";
  answers["trailers-prefixed"] = [prefixed](ResponseWriter& w, Request&) {
    w.Header().Set(prefixed, "1");
    Text(w, "body\n");
  };
  answers["trailers-late"] = [prefixed](ResponseWriter& w, Request&) {
    Text(w, "body\n");
    static_cast<void>(w.Flush());
    w.Header().Set(prefixed, "1");
  };
  answers["trailers-late-small"] = [prefixed](ResponseWriter& w, Request&) {
    Text(w, "body\n");
    w.Header().Set(prefixed, "1");
  };
}

void AddFaultsAndHelpers(Answers& answers) {
  answers["panic-buffered"] = [](ResponseWriter& w, Request&) {
    w.Write("never seen\n");
    throw std::runtime_error("as asked");
  };
  answers["panic-flushed"] = [](ResponseWriter& w, Request&) {
    w.Header().Set("Content-Length", "100");
    w.Write("seen\n");
    static_cast<void>(w.Flush());
    throw std::runtime_error("as asked");
  };
  answers["abort"] = [](ResponseWriter&, Request&) { throw http::AbortHandler(); };
  answers["error"] = [](ResponseWriter& w, Request&) {
    w.Header().Set("Content-Length", "3");
    w.Header().Set("Content-Encoding", "x");
    w.Header().Set("Etag", "\"e\"");
    w.Header().Set("Cache-Control", "max-age=1");
    http::ReplyError(w, "went wrong", 418);
  };
  answers["not-found"] = http::NotFound;
  answers["redirect-handler"] = [to = http::RedirectHandler("../x y?q=1", 308)](
                                    ResponseWriter& w, Request& r) { to->ServeHTTP(w, r); };
}

// As Go's io.ReadAll: also keeps the part that was read before an error.
Error ReadInto(std::string& text, io::Reader& body) {
  std::array<char, 1024> buffer;
  for (;;) {
    const io::IoResult got = body.Read(buffer);
    text.append(buffer.data(), got.n);
    if (got.err) return got.err.Is(io::ErrEof) ? Error() : got.err;
  }
}

void AddReading(Answers& answers) {
  answers["read-behind-write"] = [](ResponseWriter& w, Request& r) {
    static_cast<void>(w.EnableFullDuplex());
    w.Write("first ");
    static_cast<void>(w.Flush());
    std::string body;
    const bool whole = !ReadInto(body, r.Body);
    w.Write(std::to_string(body.size()) + (whole ? " true\n" : " false\n"));
  };
  answers["copy-body"] = [](ResponseWriter& w, Request& r) {
    w.Header().Set("Content-Type", "application/octet-stream");
    w.ReadFrom(r.Body);
  };
  answers["body-closed"] = [](ResponseWriter& w, Request& r) {
    static_cast<void>(r.Body.Close());
    std::array<char, 10> buffer;
    const auto [n, err] = r.Body.Read(buffer);
    Text(w, err.Is(http::ErrBodyReadAfterClose) ? "true\n" : "false\n");
  };
  const auto count = [](ResponseWriter& w, io::Reader& body, std::string_view why) {
    std::string text;
    const bool whole = !ReadInto(text, body);
    Text(w, std::to_string(text.size()) + " bytes, " + std::string(why) +
                (whole ? " false\n" : " true\n"));
  };
  answers["body-error"] = [count](ResponseWriter& w, Request& r) { count(w, r.Body, "error"); };
  answers["body-limit"] = [count](ResponseWriter& w, Request& r) {
    http::Body body = http::MaxBytesReader(w, r.Body, 10);
    count(w, body, "too many");
  };
  answers["body-part"] = [](ResponseWriter& w, Request& r) {
    std::array<char, 2> buffer;
    Text(w, std::to_string(io::ReadFull(r.Body, buffer).n) + "\n");
  };
  answers["sniff"] = [](ResponseWriter& w, Request& r) {
    std::string body;
    static_cast<void>(ReadInto(body, r.Body));
    w.Write(body);
  };
}

}  // namespace

void RegisterAnswers(http::ServeMux& mux) {
  Answers answers;
  AddHeads(answers);
  AddFields(answers);
  AddFraming(answers);
  AddStatuses(answers);
  AddTrailers(answers);
  AddFaultsAndHelpers(answers);
  AddReading(answers);
  mux.HandleFunc("/answer/{what}", [answers](ResponseWriter& w, Request& r) {
    const auto found = answers.find(r.PathValue("what"));
    if (found == answers.end()) return http::NotFound(w, r);
    found->second(w, r);
  });
}

}  // namespace hon::wire
