package main

import (
	"fmt"
	"net/http"
)

// Two muxes behind hosts of their own: one in which requests can miss, and one that catches all.
var missing = []string{
	"GET /a", "POST /a", "/b/", "/b/{$}", "/c/{x}", "/c/{x}/d", "/c/lit/d", "/r/{x...}", "/e/{x}/{y}/z",
	"HEAD /head", "PUT /put/", "GET /get/{x...}", "/lit/a%2Fb", "/lit/a%20b", "/Case", "GET /x/{y}", "DELETE /x/{y}",
	"/deep/{a}/x/{b...}", "/hosted", "mux.test/hosted", "CUSTOM /custom", "/slash/{x}/", "/back/{x}/y", "/back/z/{y}/w",
	"/é/{ü}",
}

var catching = []string{"/", "/{$}", "GET /a", "/b/", "POST /c/{x}"}

func registerMuxes(mux *http.ServeMux) {
	mux.Handle("mux.test/", patterns(missing))
	mux.Handle("all.test/", patterns(catching))
}

func patterns(all []string) http.Handler {
	mux := http.NewServeMux()
	for _, pattern := range all {
		mux.HandleFunc(pattern, showRoute)
	}
	return mux
}

func showRoute(w http.ResponseWriter, r *http.Request) {
	body := "pattern " + r.Pattern + "\n"
	for _, name := range []string{"a", "b", "x", "y", "ü"} {
		body += fmt.Sprintf("%s=%s\n", name, r.PathValue(name))
	}
	text(w, body)
}
