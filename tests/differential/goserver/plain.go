package main

import (
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
)

func registerPlain(mux *http.ServeMux) {
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) { text(w, "hello, world\n") })
	mux.HandleFunc("/echo", echo)
	mux.HandleFunc("/discard", discard)
	mux.HandleFunc("/headers", headers)
	mux.HandleFunc("/status/{code}", status)
	mux.HandleFunc("/echo-marker", func(w http.ResponseWriter, r *http.Request) { text(w, "MARKER") })
	mux.HandleFunc("/echo-hidden", func(w http.ResponseWriter, r *http.Request) { text(w, "HIDDEN") })
	mux.HandleFunc("/noread", func(w http.ResponseWriter, r *http.Request) { text(w, "not read\n") })
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) })
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		cannotRead(w)
		return
	}
	contentType := r.Header.Get("Content-Type")
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func discard(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		cannotRead(w)
		return
	}
	text(w, strconv.FormatInt(n, 10))
}

func headers(w http.ResponseWriter, r *http.Request) {
	lines := []string{"Host: " + r.Host + "\n"}
	for name, values := range r.Header {
		for _, value := range values {
			lines = append(lines, name+": "+value+"\n")
		}
	}
	sort.Strings(lines)
	text(w, strings.Join(lines, ""))
}

func status(w http.ResponseWriter, r *http.Request) {
	code, ok := numberIn(r, "code", 200, 999)
	if !ok {
		http.Error(w, "a code between 200 and 999", http.StatusBadRequest)
		return
	}
	w.WriteHeader(int(code))
	if code != 204 && code != 304 {
		fmt.Fprintf(w, "status %d\n", code)
	}
}

// numberIn is the path's wildcard as a number of plain digits within [min, max].
func numberIn(r *http.Request, name string, min, max int64) (int64, bool) {
	digits := r.PathValue(name)
	if strings.HasPrefix(digits, "+") {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil && n >= min && n <= max
}
