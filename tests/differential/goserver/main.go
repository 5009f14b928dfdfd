// The endpoints of apps/wire_server on Go's own net/http: the reference that the comparison asks.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	addr := flag.String("addr", "127.0.0.1:0", "where to listen")
	dir := flag.String("files", ".", "the directory that /files/ serves")
	file := flag.String("file", os.Args[0], "the file that /file serves")
	headerBytes := flag.Int("max-header-bytes", 1<<20, "")
	readHeader := flag.Int("read-header-timeout-ms", 10_000, "")
	read := flag.Int("read-timeout-ms", 30_000, "")
	write := flag.Int("write-timeout-ms", 30_000, "")
	idle := flag.Int("keep-alive-timeout-ms", 120_000, "")
	h2c := flag.Bool("h2c", false, "HTTP/2 without TLS, too")
	flag.String("backend", "go", "ignored")
	flag.Int("loops", 0, "ignored")
	flag.Parse()

	mux := http.NewServeMux()
	registerPlain(mux)
	registerStreams(mux)
	registerLife(mux)
	registerForms(mux)
	registerAnswers(mux)
	registerRequests(mux)
	mux.Handle("/files/", http.StripPrefix("/files", http.FileServer(http.Dir(*dir))))
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, *file) })

	mux.HandleFunc("/copied-file/{name}", func(w http.ResponseWriter, r *http.Request) {
		file, err := http.Dir(*dir).Open(r.PathValue("name"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		defer file.Close()
		io.Copy(w, file)
	})

	server := &http.Server{
		Handler:           mux,
		MaxHeaderBytes:    *headerBytes,
		ReadHeaderTimeout: milliseconds(*readHeader),
		ReadTimeout:       milliseconds(*read),
		WriteTimeout:      milliseconds(*write),
		IdleTimeout:       milliseconds(*idle),
	}
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(*h2c)
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("goserver listening on http://%s backend=go loops=1\n", listener.Addr())

	ended := make(chan struct{})
	go func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		<-signals
		grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if server.Shutdown(grace) != nil {
			server.Close()
		}
		close(ended)
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-ended
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func text(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, body)
}

func cannotRead(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	http.Error(w, "cannot read the body", http.StatusBadRequest)
}
