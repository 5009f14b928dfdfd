// Go's net/http with the endpoints of the program: hon --type std.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"strings"
	"time"
)

func welcome(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "Welcome! Try /sse endpoint.")
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 8<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Write(body)
}

func sse(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	control := http.NewResponseController(w)
	control.SetWriteDeadline(time.Time{})
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		fmt.Fprintf(w, "data: %s\n\n", time.Now().UTC().Format(time.RFC3339))
		if control.Flush() != nil {
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

func main() {
	addr := flag.String("addr", ":8080", "where to listen: [HOST]:PORT or unix:/PATH")
	file := flag.String("file", "", "what /file serves")
	loops := flag.Int("loops", 0, "threads that run Go code; 0: one for each core")
	readTimeout := flag.Duration("read-timeout", 10*time.Second, "for a request to come")
	writeTimeout := flag.Duration("write-timeout", 10*time.Second, "for an answer to be taken")
	idleTimeout := flag.Duration("keep-alive-timeout", 30*time.Second, "for an idle connection")
	flag.Parse()
	if *loops > 0 {
		runtime.GOMAXPROCS(*loops)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("/", welcome)
	mux.HandleFunc("POST /echo", echo)
	mux.HandleFunc("/sse", sse)
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, *file) })
	server := &http.Server{
		Handler: mux, ReadTimeout: *readTimeout, WriteTimeout: *writeTimeout, IdleTimeout: *idleTimeout,
	}
	network, address := "tcp", *addr
	if path, isUnix := strings.CutPrefix(address, "unix:"); isUnix {
		network, address = "unix", path
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("std listening on %s\n", listener.Addr())
	log.Fatal(server.Serve(listener))
}
