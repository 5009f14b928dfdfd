package main

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

func registerLife(mux *http.ServeMux) {
	sleep := func(w http.ResponseWriter, r *http.Request) { takeTime(w, r, "slept\n") }
	mux.HandleFunc("GET /block/{ms}", func(w http.ResponseWriter, r *http.Request) { takeTime(w, r, "blocked\n") })
	mux.HandleFunc("GET /spin/{ms}", func(w http.ResponseWriter, r *http.Request) { takeTime(w, r, "spun\n") })
	mux.HandleFunc("GET /sleep/{ms}", sleep)
	mux.Handle("GET /timeout/{ms}", http.TimeoutHandler(http.HandlerFunc(sleep), 200*time.Millisecond, "too late\n"))
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("as asked") })
	var seen gone
	mux.HandleFunc("/until-gone", seen.until)
	mux.HandleFunc("/gone", seen.tell)
}

func takeTime(w http.ResponseWriter, r *http.Request, done string) {
	ms, ok := numberIn(r, "ms", 0, 60_000)
	if !ok {
		http.Error(w, "how many milliseconds?", http.StatusBadRequest)
		return
	}
	time.Sleep(time.Duration(ms) * time.Millisecond)
	text(w, done)
}

type gone struct{ waiting, ended atomic.Int64 }

func (g *gone) until(w http.ResponseWriter, r *http.Request) {
	if r.URL.RawQuery == "read" {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
	}
	g.waiting.Add(1)
	<-r.Context().Done()
	g.waiting.Add(-1)
	g.ended.Add(1)
}

func (g *gone) tell(w http.ResponseWriter, r *http.Request) {
	text(w, fmt.Sprintf("waiting %d\nended %d\n", g.waiting.Load(), g.ended.Load()))
}
