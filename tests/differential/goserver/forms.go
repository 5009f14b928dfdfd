package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sort"
	"strings"
)

func registerForms(mux *http.ServeMux) {
	mux.HandleFunc("/form", form)
	mux.HandleFunc("/multipart", multipartForm)
	mux.HandleFunc("/cookies", cookies)
}

func keys[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func addLines(to *strings.Builder, kind string, values url.Values) {
	for _, name := range keys(values) {
		for _, value := range values[name] {
			fmt.Fprintf(to, "%s %s=%s\n", kind, name, value)
		}
	}
}

func answer(w http.ResponseWriter, err error, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, "error\n")
	}
	io.WriteString(w, body)
}

func form(w http.ResponseWriter, r *http.Request) {
	err := r.ParseForm()
	var body strings.Builder
	addLines(&body, "form", r.Form)
	addLines(&body, "post", r.PostForm)
	answer(w, err, body.String())
}

func multipartForm(w http.ResponseWriter, r *http.Request) {
	err := r.ParseMultipartForm(64 << 10)
	var body strings.Builder
	addLines(&body, "form", r.Form)
	if r.MultipartForm != nil {
		addLines(&body, "value", r.MultipartForm.Value)
		for _, field := range keys(r.MultipartForm.File) {
			for _, file := range r.MultipartForm.File[field] {
				fmt.Fprintf(&body, "file %s %s %d %s", field, file.Filename, file.Size, file.Header.Get("Content-Type"))
				if open, err := file.Open(); err == nil {
					start := make([]byte, 64)
					n, _ := io.ReadFull(open, start)
					fmt.Fprintf(&body, " %s", start[:n])
					open.Close()
				}
				body.WriteString("\n")
			}
		}
	}
	answer(w, err, body.String())
}

func cookies(w http.ResponseWriter, r *http.Request) {
	var body strings.Builder
	for _, cookie := range r.Cookies() {
		fmt.Fprintf(&body, "%s=%s", cookie.Name, cookie.Value)
		if cookie.Quoted {
			body.WriteString(" quoted")
		}
		body.WriteString("\n")
	}
	http.SetCookie(w, &http.Cookie{Name: "seen", Value: "a b", Path: "/", MaxAge: 60, Secure: true,
		HttpOnly: true, SameSite: http.SameSiteLaxMode})
	answer(w, nil, body.String())
}
