// Go's net/http client against our server: it judges framing, keep-alive, trailers and 1xx by the
// rules of the library that we follow.
package goclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

var base = os.Getenv("HON_URL")

// Whether every answer must come by HTTP/2; without TLS by prior knowledge.
var http2 = os.Getenv("HON_HTTP2") != ""

func TestMain(m *testing.M) {
	if http2 && !useHTTP2(http.DefaultTransport.(*http.Transport)) {
		fmt.Println("this Go has no HTTP/2 without TLS")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// useHTTP2 has the transport trust HON_CA and speak HTTP/2; false where this Go cannot.
func useHTTP2(transport *http.Transport) bool {
	transport.ForceAttemptHTTP2 = true
	roots := x509.NewCertPool()
	pem, _ := os.ReadFile(os.Getenv("HON_CA"))
	roots.AppendCertsFromPEM(pem)
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	return strings.HasPrefix(base, "https:") || withoutTLS(transport)
}

var withoutTLS = func(*http.Transport) bool { return false }

func transport() *http.Transport {
	made := &http.Transport{}
	if http2 {
		useHTTP2(made)
	}
	return made
}

func read(t *testing.T, response *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if http2 && response.ProtoMajor != 2 {
		t.Errorf("by %s", response.Proto)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestKeepAlive(t *testing.T) {
	reused := 0
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if info.Reused {
			reused++
		}
	}}
	client := &http.Client{Transport: transport()}
	for i := 0; i < 50; i++ {
		request, _ := http.NewRequestWithContext(
			httptrace.WithClientTrace(context.Background(), trace), "GET", base+"/", nil)
		response, err := client.Do(request)
		if body := read(t, response, err); body != "hello, world\n" {
			t.Fatalf("body %q", body)
		}
	}
	if reused != 49 {
		t.Errorf("reused %d of 50", reused)
	}
}

func TestBodies(t *testing.T) {
	for _, size := range []int{0, 1, 511, 512, 2048, 2049, 65536, 1 << 20, 10 << 20} {
		body := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		response, err := http.Post(base+"/echo", "a/b", bytes.NewReader(body))
		if got := read(t, response, err); got != string(body) {
			t.Errorf("size %d: %d bytes came back", size, len(got))
		}
		// A reader that Go does not know the length of is sent in chunks.
		response, err = http.Post(base+"/echo", "a/b", io.MultiReader(bytes.NewReader(body)))
		if got := read(t, response, err); got != string(body) {
			t.Errorf("chunked, size %d: %d bytes came back", size, len(got))
		}
	}
}

// Read in small pieces, for each of which HTTP/2 has updates of two windows.
func TestLargeDownload(t *testing.T) {
	response, err := http.Get(base + "/length/67108864")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	bytes := 0
	for piece := make([]byte, 4096); ; {
		n, err := response.Body.Read(piece)
		bytes += n
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if bytes != 67108864 {
		t.Errorf("%d bytes", bytes)
	}
}

func TestHead(t *testing.T) {
	response, err := http.Head(base + "/")
	if body := read(t, response, err); body != "" || response.ContentLength != 13 {
		t.Errorf("body %q, length %d", body, response.ContentLength)
	}
}

func TestChunked(t *testing.T) {
	response, err := http.Get(base + "/chunked/100")
	body := read(t, response, err)
	if lines := strings.Count(body, "\n"); lines != 100 || response.ContentLength != -1 {
		t.Errorf("%d lines, length %d", lines, response.ContentLength)
	}
}

func TestTrailers(t *testing.T) {
	request, _ := http.NewRequest("POST", base+"/trailers", io.MultiReader(strings.NewReader("12345")))
	request.Trailer = http.Header{"X-Sum": {"fifteen"}}
	response, err := http.DefaultClient.Do(request)
	if body := read(t, response, err); body != "trailers:\nX-Sum: fifteen\n" {
		t.Errorf("body %q", body)
	}
	if got := response.Trailer.Get("X-Body-Length"); got != "5" {
		t.Errorf("X-Body-Length %q", got)
	}
}

// Requests and answers as gRPC makes them: a type of its own, trailers asked for, the status behind
// the body, or without any body.
func TestTrailersOfGRPC(t *testing.T) {
	request, _ := http.NewRequest("POST", base+"/trailers", strings.NewReader("\x00\x00\x00\x00\x03abc"))
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("TE", "trailers")
	response, err := http.DefaultClient.Do(request)
	if body := read(t, response, err); body != "trailers:\n" || response.Trailer.Get("X-Body-Length") != "8" {
		t.Errorf("body %q, trailers %v", body, response.Trailer)
	}
}

func TestEarlyHints(t *testing.T) {
	var link string
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
		if code == 103 {
			link = header.Get("Link")
		}
		return nil
	}}
	request, _ := http.NewRequestWithContext(
		httptrace.WithClientTrace(context.Background(), trace), "GET", base+"/early-hints", nil)
	response, err := http.DefaultClient.Do(request)
	if body := read(t, response, err); body != "hinted\n" || link == "" {
		t.Errorf("body %q, link %q", body, link)
	}
}

func TestExpectContinue(t *testing.T) {
	got := false
	trace := &httptrace.ClientTrace{Got100Continue: func() { got = true }}
	patient := transport()
	patient.ExpectContinueTimeout = 20 * time.Second
	client := &http.Client{Transport: patient}
	request, _ := http.NewRequestWithContext(
		httptrace.WithClientTrace(context.Background(), trace), "POST", base+"/echo", strings.NewReader("abc"))
	request.Header.Set("Expect", "100-continue")
	response, err := client.Do(request)
	if body := read(t, response, err); body != "abc" || !got {
		t.Errorf("body %q, 100 seen: %v", body, got)
	}
}

func TestUpgrade(t *testing.T) {
	if http2 {
		t.Skip("of HTTP/1")
	}
	request, _ := http.NewRequest("GET", base+"/hijack", nil)
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Upgrade", "raw-echo")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	conn, ok := response.Body.(io.ReadWriteCloser)
	if response.StatusCode != 101 || !ok {
		t.Fatalf("status %d", response.StatusCode)
	}
	defer conn.Close()
	for i := 0; i < 10; i++ {
		line := fmt.Sprintf("line %d\n", i)
		io.WriteString(conn, line)
		got := make([]byte, len(line))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != line {
			t.Fatalf("%q, %v", got, err)
		}
	}
}

func TestPanic(t *testing.T) {
	response, err := http.Get(base + "/panic")
	read(t, response, err)
	if response.StatusCode != 500 {
		t.Errorf("status %d", response.StatusCode)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, "GET", base+"/sleep/5000", nil)
	if _, err := http.DefaultClient.Do(request); err == nil {
		t.Error("no error")
	}
}

func TestManyAtOnce(t *testing.T) {
	var all sync.WaitGroup
	for i := 0; i < 100; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			for j := 0; j < 20; j++ {
				text := fmt.Sprintf("%d/%d", i, j)
				response, err := http.Post(base+"/echo", "text/plain", strings.NewReader(text))
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(response.Body)
				response.Body.Close()
				if err != nil || string(body) != text {
					t.Errorf("%q, %v", body, err)
				}
			}
		}(i)
	}
	all.Wait()
}
