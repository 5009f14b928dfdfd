package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// The operations on a ResponseWriter, one endpoint each, under "/answer/{what}".
var answers = map[string]http.HandlerFunc{
	// The head is written once.
	"twice": func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(201)
		w.WriteHeader(404)
		io.WriteString(w, "created\n")
	},
	"status-behind-body": func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "first\n")
		w.WriteHeader(404)
	},
	"late-field": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Early", "1")
		w.WriteHeader(200)
		w.Header().Set("X-Early", "2")
		w.Header().Set("X-Late", "1")
		io.WriteString(w, "body\n")
	},
	"nothing":     func(w http.ResponseWriter, r *http.Request) {},
	"empty-write": func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "") },
	"code-0":      func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(0) },
	"code-99":     func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(99) },
	"code-1000":   func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(1000) },

	// Fields.
	"no-date": func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		w.Header()["Content-Type"] = nil
		io.WriteString(w, "<html>")
	},
	"own-date": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Date", "kept")
		w.Header().Set("Date", "Thu, 01 Jan 1970 00:00:00 GMT")
		text(w, "dated\n")
	},
	"many-fields": func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"x-b", "Zeta", "x-a", "Alpha", "x-b", "etag", "www-authenticate"} {
			w.Header().Add(name, "of "+name)
		}
		text(w, "fields\n")
	},
	"lower-case": func(w http.ResponseWriter, r *http.Request) {
		w.Header()["x-lower"] = []string{"1", "2"}
		text(w, "as spelt\n")
	},
	"bad-names": func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"X Y", "X:Y", "", "X\r\nY", "X\xc3"} {
			w.Header().Set(name, "1")
		}
		text(w, "dropped\n")
	},
	"bad-values": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-A", "a\r\nX-B: b")
		w.Header().Set("X-C", "  c\t ")
		w.Header().Set("X-D", "\n\nd\r")
		text(w, "made harmless\n")
	},
	"deleted": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("X-A", "1")
		w.Header().Add("X-A", "2")
		w.Header().Del("x-a")
		w.Header().Set("X-B", "1")
		w.Header().Set("x-b", "2")
		text(w, w.Header().Get("X-b")+"\n")
	},

	// Lengths and codings.
	"length-kept":        sized("3", "abc"),
	"length-in-parts":    sized("6", "abc", "def"),
	"length-overrun":     sized("3", "abc", "def"),
	"length-overrun-all": sized("3", "abcdef"),
	"length-underrun":    sized("10", "abc"),
	"length-unused":      sized("10"),
	"length-no-number":   sized("abc", "abc"),
	"length-negative":    sized("-3", "abc"),
	"length-and-coding": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Transfer-Encoding", "chunked")
		sized("3", "abc")(w, r)
	},
	"coding-chunked":  coded("chunked"),
	"coding-identity": coded("identity"),
	"coding-gzip":     coded("gzip"),
	"flush-first": func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).Flush()
		io.WriteString(w, "<html>not sniffed")
	},
	"flush-between": func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "<html>a")
		http.NewResponseController(w).Flush()
		io.WriteString(w, "b")
	},
	"flush-only": func(w http.ResponseWriter, r *http.Request) { http.NewResponseController(w).Flush() },
	"copied": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		io.Copy(w, strings.NewReader(pattern[:5000]))
	},
	"copied-sized": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "5000")
		io.Copy(w, strings.NewReader(pattern[:5000]))
	},
	"sniff-coded": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "x")
		io.WriteString(w, "<html>")
	},

	// Statuses without a body, and informational ones.
	"204-body": bodied(204),
	"205-body": bodied(205),
	"304-body": bodied(304),
	"204-fields": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", "3")
		w.WriteHeader(204)
	},
	"304-fields": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", "3")
		w.Header().Set("Etag", `"x"`)
		w.WriteHeader(304)
	},
	"101": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "x")
		w.WriteHeader(101)
	},
	"informational": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-A", "1")
		w.Header().Set("Content-Length", "5")
		w.WriteHeader(102)
		w.Header().Add("X-A", "2")
		w.WriteHeader(103)
		w.WriteHeader(100)
		io.WriteString(w, "done\n")
	},

	// The connection's future.
	"connection-close": connection("close"),
	"connection-Close": connection("Close"),
	"connection-x":     connection("x"),
	"connection-x-close": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "x, close")
		text(w, "closing\n")
	},
	"connection-lines": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Connection", "keep-alive")
		w.Header().Add("Connection", "close")
		text(w, "closing\n")
	},

	// Trailers.
	"trailers": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-B, X-A, X-Unset")
		text(w, "body\n")
		w.Header().Set("X-A", "1")
		w.Header().Add("X-B", "2")
		w.Header().Add("X-B", "3")
		w.Header().Set("X-Undeclared", "4")
	},
	"trailers-forbidden": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-A, Content-Length, Host, Cache-Control, Trailer")
		text(w, "body\n")
		w.Header().Set("X-A", "1")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Host", "x")
	},
	"trailers-prefixed": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(http.TrailerPrefix+"X-A", "1")
		text(w, "body\n")
	},
	"trailers-late": func(w http.ResponseWriter, r *http.Request) {
		text(w, "body\n")
		http.NewResponseController(w).Flush()
		w.Header().Set(http.TrailerPrefix+"X-A", "1")
	},
	"trailers-late-small": func(w http.ResponseWriter, r *http.Request) {
		text(w, "body\n")
		w.Header().Set(http.TrailerPrefix+"X-A", "1")
	},

	// Faults.
	"panic-buffered": func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "never seen\n")
		panic("as asked")
	},
	"panic-flushed": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "seen\n")
		http.NewResponseController(w).Flush()
		panic("as asked")
	},
	"abort": func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) },

	// Helpers.
	"error": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "3")
		w.Header().Set("Content-Encoding", "x")
		w.Header().Set("Etag", `"e"`)
		w.Header().Set("Cache-Control", "max-age=1")
		http.Error(w, "went wrong", 418)
	},
	"not-found":        http.NotFound,
	"redirect-handler": http.RedirectHandler("../x y?q=1", 308).ServeHTTP,

	// Reading and writing.
	"read-behind-write": func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).EnableFullDuplex()
		io.WriteString(w, "first ")
		http.NewResponseController(w).Flush()
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d %v\n", len(body), err == nil)
	},
	"copy-body": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		io.Copy(w, r.Body)
	},
	"body-closed": func(w http.ResponseWriter, r *http.Request) {
		r.Body.Close()
		_, err := r.Body.Read(make([]byte, 10))
		text(w, fmt.Sprintln(errors.Is(err, http.ErrBodyReadAfterClose)))
	},
	"body-error": func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		text(w, fmt.Sprintf("%d bytes, error %v\n", len(body), err != nil))
	},
	"body-limit": func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 10))
		text(w, fmt.Sprintf("%d bytes, too many %v\n", len(body), err != nil))
	},
	"body-part": func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.ReadFull(r.Body, make([]byte, 2))
		text(w, fmt.Sprintln(n))
	},
	"sniff": func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Write(body)
	},
}

func sized(length string, parts ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", length)
		for _, part := range parts {
			io.WriteString(w, part)
		}
	}
}

func coded(coding string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Transfer-Encoding", coding)
		text(w, "coded\n")
	}
}

func bodied(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, "no body\n")
	}
}

func connection(value string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", value)
		text(w, "connection\n")
	}
}

func registerAnswers(mux *http.ServeMux) {
	mux.HandleFunc("/answer/{what}", func(w http.ResponseWriter, r *http.Request) {
		if answer, ok := answers[r.PathValue("what")]; ok {
			answer(w, r)
		} else {
			http.NotFound(w, r)
		}
	})
}
