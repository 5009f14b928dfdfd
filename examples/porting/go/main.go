// A small server of notes: the Go half of docs/PORTING.md.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

type note struct {
	ID   int    `json:"id"`
	Text string `json:"text"`
}

type store struct {
	mu        sync.Mutex
	notes     []note
	listeners map[chan note]bool
}

func (s *store) add(text string) note {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := note{len(s.notes) + 1, text}
	s.notes = append(s.notes, n)
	for listener := range s.listeners {
		select {
		case listener <- n:
		default: // a slow listener misses numbers
		}
	}
	return n
}

func (s *store) get(id int) (note, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id < 1 || id > len(s.notes) {
		return note{}, false
	}
	return s.notes[id-1], true
}

func (s *store) all() []note {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]note{}, s.notes...)
}

func (s *store) listen() chan note {
	s.mu.Lock()
	defer s.mu.Unlock()
	listener := make(chan note, 16)
	s.listeners[listener] = true
	return listener
}

func (s *store) leave(listener chan note) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, listener)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value)
}

func (s *store) create(w http.ResponseWriter, r *http.Request) {
	var in note
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	if json.Unmarshal(body, &in) != nil || in.Text == "" {
		http.Error(w, "a note needs a text", http.StatusBadRequest)
		return
	}
	n := s.add(in.Text)
	w.Header().Set("Location", fmt.Sprintf("/notes/%d", n.ID))
	writeJSON(w, http.StatusCreated, n)
}

func (s *store) list(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, s.all())
}

func (s *store) show(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.PathValue("id"))
	n, ok := s.get(id)
	if !ok {
		http.NotFound(w, r)
		return
	}
	writeJSON(w, http.StatusOK, n)
}

func (s *store) events(w http.ResponseWriter, r *http.Request) {
	listener := s.listen()
	defer s.leave(listener)
	w.Header().Set("Content-Type", "text/event-stream")
	rc := http.NewResponseController(w)
	rc.Flush()
	for {
		select {
		case n := <-listener:
			fmt.Fprintf(w, "id: %d\ndata: %s\n\n", n.ID, n.Text)
			if rc.Flush() != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

func upload(dir string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		file, header, err := r.FormFile("file")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		defer file.Close()
		to, err := os.Create(filepath.Join(dir, header.Filename))
		if err != nil {
			http.Error(w, "cannot store it", http.StatusInternalServerError)
			return
		}
		defer to.Close()
		n, err := io.Copy(to, file)
		if err != nil {
			http.Error(w, "cannot store it", http.StatusInternalServerError)
			return
		}
		writeJSON(w, http.StatusCreated, map[string]any{"name": header.Filename, "size": n})
	}
}

func logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		next.ServeHTTP(w, r)
		log.Printf("%s %s %s", r.Method, r.URL.Path, time.Since(start).Round(time.Millisecond))
	})
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: notes ADDRESS DIRECTORY")
	}
	dir := os.Args[2]
	s := &store{listeners: map[chan note]bool{}}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "<!DOCTYPE html><title>Notes</title><p>See /notes.</p>\n")
	})
	mux.HandleFunc("GET /notes", s.list)
	mux.HandleFunc("POST /notes", s.create)
	mux.HandleFunc("GET /notes/{id}", s.show)
	mux.HandleFunc("GET /events", s.events)
	mux.HandleFunc("POST /upload", upload(dir))
	mux.Handle("GET /files/", http.StripPrefix("/files/", http.FileServer(http.Dir(dir))))

	ending, end := context.WithCancel(context.Background())
	server := &http.Server{
		Handler:     logged(mux),
		ReadTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ending },
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())

	stopped := make(chan bool)
	go func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		<-signals
		end() // event streams end here
		grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		server.Shutdown(grace)
		close(stopped)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	<-stopped
}
