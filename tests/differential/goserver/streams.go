package main

import (
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"
)

var pattern = strings.Repeat("0123456789abcdef", 4096)

func registerStreams(mux *http.ServeMux) {
	mux.HandleFunc("GET /chunked/{n}", chunked)
	mux.HandleFunc("GET /length/{n}", func(w http.ResponseWriter, r *http.Request) { bytesOf(w, r, true) })
	mux.HandleFunc("GET /stream/{n}", func(w http.ResponseWriter, r *http.Request) { bytesOf(w, r, false) })
	mux.HandleFunc("/trailers", trailers)
	mux.HandleFunc("/early-hints", earlyHints)
	mux.HandleFunc("/hijack", hijack)
	mux.HandleFunc("/sse", sse)
}

func chunked(w http.ResponseWriter, r *http.Request) {
	n, ok := numberIn(r, "n", 0, 1_000_000)
	if !ok {
		http.Error(w, "how many chunks?", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for i := int64(0); i < n; i++ {
		if _, err := fmt.Fprintf(w, "chunk %d\n", i); err != nil {
			return
		}
		if http.NewResponseController(w).Flush() != nil {
			return
		}
	}
}

func bytesOf(w http.ResponseWriter, r *http.Request, announced bool) {
	n, ok := numberIn(r, "n", 0, 1<<40)
	if !ok {
		http.Error(w, "how many bytes?", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if announced {
		w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	}
	for n > 0 {
		part := pattern[:min(n, int64(len(pattern)))]
		if _, err := io.WriteString(w, part); err != nil {
			return
		}
		n -= int64(len(part))
	}
}

func trailers(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		cannotRead(w)
		return
	}
	var lines []string
	for name, values := range r.Trailer {
		for _, value := range values {
			lines = append(lines, name+": "+value+"\n")
		}
	}
	sort.Strings(lines)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Trailer", "X-Body-Length")
	io.WriteString(w, "trailers:\n"+strings.Join(lines, ""))
	w.Header().Set("X-Body-Length", strconv.Itoa(len(body)))
}

func earlyHints(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Link", "</style.css>; rel=preload; as=style")
	w.WriteHeader(http.StatusEarlyHints)
	text(w, "hinted\n")
}

func hijack(w http.ResponseWriter, r *http.Request) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw-echo\r\n\r\n")
	io.Copy(conn, buffered)
}

func sse(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	for i := 0; ; i++ {
		fmt.Fprintf(w, "data: event %d\n\n", i)
		if http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(time.Second):
		}
	}
}
