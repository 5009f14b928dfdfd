package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Endpoints that show a handler's view of its request.
func registerRequests(mux *http.ServeMux) {
	mux.HandleFunc("/request", showRequest)
	mux.HandleFunc("/request/{name}/{rest...}", showRequest)
	mux.HandleFunc("/redirect-to", redirectTo)
	mux.HandleFunc("/set-cookie", setCookie)
	mux.HandleFunc("/url", showURL)
	mux.HandleFunc("/form-value", formValue)
	mux.HandleFunc("/dump", dump)

	show := http.HandlerFunc(showRequest)
	mux.Handle("/strip/", http.StripPrefix("/strip", show))
	mux.Handle("/semicolons", http.AllowQuerySemicolons(http.HandlerFunc(form)))
	mux.Handle("/max-bytes", http.MaxBytesHandler(http.HandlerFunc(echo), 10))
	protection := http.NewCrossOriginProtection()
	if err := protection.AddTrustedOrigin("https://trusted.example"); err != nil {
		panic(err)
	}
	protection.AddInsecureBypassPattern("/cross-origin/open")
	mux.Handle("/cross-origin/", protection.Handler(show))
	registerMuxes(mux)
}

func showRequest(w http.ResponseWriter, r *http.Request) {
	var body strings.Builder
	fmt.Fprintf(&body, "method %s\npath %s\nraw path %s\nescaped %s\nquery %s\n", r.Method, r.URL.Path,
		r.URL.RawPath, r.URL.EscapedPath(), r.URL.RawQuery)
	fmt.Fprintf(&body, "scheme %s\nurl host %s\nhost %s\nuri %s\n", r.URL.Scheme, r.URL.Host, r.Host, r.RequestURI)
	fmt.Fprintf(&body, "proto %s %d %d\nlength %d\nchunked %t\nclose %t\n", r.Proto, r.ProtoMajor, r.ProtoMinor,
		r.ContentLength, len(r.TransferEncoding) > 0, r.Close)
	fmt.Fprintf(&body, "pattern %s\nname %s\nrest %s\n", r.Pattern, r.PathValue("name"), r.PathValue("rest"))
	fmt.Fprintf(&body, "agent %s\nreferer %s\n", r.UserAgent(), r.Referer())
	if user, password, ok := r.BasicAuth(); ok {
		fmt.Fprintf(&body, "user %s\npassword %s\n", user, password)
	}
	for _, name := range keys(r.Trailer) {
		fmt.Fprintf(&body, "announced %s\n", name)
	}
	text(w, body.String())
}

// Redirects to "to" with "code", both from the query.
func redirectTo(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.URL.Query().Get("code"))
	if err != nil {
		code = http.StatusFound
	}
	http.Redirect(w, r, r.URL.Query().Get("to"), code)
}

// Sets a cookie of the query's making.
func setCookie(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	number := func(name string) int64 {
		n, _ := strconv.ParseInt(q.Get(name), 10, 64)
		return n
	}
	cookie := &http.Cookie{Name: q.Get("name"), Value: q.Get("value"), Quoted: q.Has("quoted"), Path: q.Get("path"),
		Domain: q.Get("domain"), MaxAge: int(number("max-age")), Secure: q.Has("secure"), HttpOnly: q.Has("http-only"),
		SameSite: http.SameSite(number("same-site")), Partitioned: q.Has("partitioned")}
	if q.Has("expires") {
		cookie.Expires = time.Unix(number("expires"), 0)
	}
	http.SetCookie(w, cookie)
	text(w, fmt.Sprintf("valid %t\n", cookie.Valid() == nil))
}

// Takes the body for a URL, and the query's "ref" for a reference from there.
func showURL(w http.ResponseWriter, r *http.Request) {
	given, _ := io.ReadAll(r.Body)
	u, err := url.Parse(string(given))
	if err != nil {
		text(w, "no URL\n")
		return
	}
	var body strings.Builder
	fmt.Fprintf(&body, "scheme %s\nopaque %s\nhost %s\nhostname %s\nport %s\n", u.Scheme, u.Opaque, u.Host, u.Hostname(),
		u.Port())
	fmt.Fprintf(&body, "user %s\npath %s\nraw path %s\nescaped %s\nquery %s\n", u.User, u.Path, u.RawPath, u.EscapedPath(),
		u.RawQuery)
	fmt.Fprintf(&body, "fragment %s\nraw fragment %s\nstring %s\nredacted %s\nuri %s\nabs %t\n", u.Fragment, u.RawFragment,
		u, u.Redacted(), u.RequestURI(), u.IsAbs())
	fmt.Fprintf(&body, "encoded %s\n", u.Query().Encode())
	ref := r.URL.Query().Get("ref")
	if resolved, err := u.Parse(ref); err == nil {
		fmt.Fprintf(&body, "resolved %s\n", resolved)
	}
	fmt.Fprintf(&body, "joined %s\n", u.JoinPath(ref))
	fmt.Fprintf(&body, "query escape %s\npath escape %s\n", url.QueryEscape(ref), url.PathEscape(ref))
	text(w, body.String())
}

func dump(w http.ResponseWriter, r *http.Request) {
	dumped, err := httputil.DumpRequest(r, true)
	if err != nil {
		text(w, "no body\n")
		return
	}
	text(w, string(dumped))
}

func formValue(w http.ResponseWriter, r *http.Request) {
	text(w, fmt.Sprintf("a %s\npost a %s\n", r.FormValue("a"), r.PostFormValue("a")))
}
