// Go's own parser and mux on the inputs of the benchmarks beside this folder.
package micro

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func BenchmarkParseHead(b *testing.B) {
	paths, err := filepath.Glob("../../../corpus/heads/*.http")
	if err != nil || len(paths) == 0 {
		b.Fatal("no heads", err)
	}
	for _, path := range paths {
		wire, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".http")
		b.Run(name, func(b *testing.B) {
			source := bytes.NewReader(wire)
			reader := bufio.NewReader(source)
			parse := func() *http.Request {
				source.Reset(wire)
				reader.Reset(source)
				request, err := http.ReadRequest(reader)
				if err != nil {
					b.Fatal(err)
				}
				return request
			}
			if lines := bytes.Count(wire, []byte("\r\n")) - 2; countFields(parse()) != lines {
				b.Fatal("the head was read wrongly")
			}
			b.SetBytes(int64(len(wire)))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				parse()
			}
		})
	}
}

func countFields(r *http.Request) int {
	count := len(r.TransferEncoding) // as Host, a property of the request and no field
	if r.Host != "" {
		count++
	}
	for _, values := range r.Header {
		count += len(values)
	}
	return count
}

// Of ten patterns each: five plain ones and five with wildcards, and a target for each.
var shapes = [10][2]string{
	{"", ""},
	{"/list", "/list"},
	{"/new", "/new"},
	{"/search", "/search"},
	{"/{id}", "/4711"},
	{"/{id}/edit", "/4711/edit"},
	{"/{id}/comments", "/4711/comments"},
	{"/{id}/comments/{comment}", "/4711/comments/42"},
	{"-files/{path...}", "-files/a/b/c.txt"},
	{"/stats/daily/visits", "/stats/daily/visits"},
}

func BenchmarkRouteAmong(b *testing.B) {
	for _, patterns := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(patterns), func(b *testing.B) {
			mux := http.NewServeMux()
			requests := make([]*http.Request, patterns)
			wanted := make([]string, patterns)
			for i := range patterns {
				base := fmt.Sprintf("/api/v1/resource%d", i/10)
				wanted[i] = "GET " + base + shapes[i%10][0]
				mux.HandleFunc(wanted[i], func(http.ResponseWriter, *http.Request) {})
				target, err := url.ParseRequestURI(base + shapes[i%10][1])
				if err != nil {
					b.Fatal(err)
				}
				requests[i] = &http.Request{Method: "GET", URL: target}
			}
			for i, request := range requests {
				if _, pattern := mux.Handler(request); pattern != wanted[i] {
					b.Fatalf("%s was routed to %s", request.URL, pattern)
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				mux.Handler(requests[i%patterns])
			}
		})
	}
}
