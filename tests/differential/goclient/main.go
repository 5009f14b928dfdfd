// The reference client of the differential test, with the flags and the lines of hon_wire_client
// (apps/wire_client/flags.cc has the flags), on Go's net/http.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"os"
	"strings"
	"time"
)

type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

type report struct {
	URL           string              `json:"url"`
	Status        int                 `json:"status"`
	Proto         string              `json:"proto"`
	Header        map[string][]string `json:"header"`
	Trailer       map[string][]string `json:"trailer"`
	BodyLength    int64               `json:"body_length"`
	BodySHA256    string              `json:"body_sha256"`
	Error         *string             `json:"error"`
	ErrorKind     *string             `json:"error_kind"`
	Reused        bool                `json:"reused"`
	Informational []int               `json:"informational"`
	Redirects     []string            `json:"redirects"`
	Remote        string              `json:"remote"`
}

var (
	headers, trailers                                                     list
	method, body, proxy, ca, cert, key, serverName                        string
	bodyLength                                                            int64
	chunked, expect, http1, http2, h2c, insecure                          bool
	noEnvProxy, noRedirects, cookies, noDecompress, noKeepAlive           bool
	timeout, dialTimeout, headerTimeout, expectTimeout, idle, sleep       int
	maxRedirects, maxHeaderBytes, maxConnsPerHost, maxIdlePerHost, repeat int
)

func parse() []string {
	flag.Var(&headers, "header", "")
	flag.Var(&trailers, "trailer", "")
	flag.StringVar(&method, "method", "", "")
	flag.StringVar(&body, "body", "\x00", "")
	flag.Int64Var(&bodyLength, "body-length", -1, "")
	flag.BoolVar(&chunked, "chunked", false, "")
	flag.BoolVar(&expect, "expect", false, "")
	flag.BoolVar(&http1, "http1", false, "")
	flag.BoolVar(&http2, "http2", false, "")
	flag.BoolVar(&h2c, "h2c", false, "")
	flag.StringVar(&ca, "ca", "", "")
	flag.BoolVar(&insecure, "insecure", false, "")
	flag.StringVar(&cert, "cert", "", "")
	flag.StringVar(&key, "key", "", "")
	flag.StringVar(&serverName, "server-name", "", "")
	flag.StringVar(&proxy, "proxy", "", "")
	flag.BoolVar(&noEnvProxy, "no-env-proxy", false, "")
	flag.IntVar(&timeout, "timeout", 0, "")
	flag.IntVar(&dialTimeout, "dial-timeout", 30000, "")
	flag.IntVar(&headerTimeout, "header-timeout", 0, "")
	flag.IntVar(&expectTimeout, "expect-timeout", 1000, "")
	flag.IntVar(&idle, "idle-timeout", 90000, "")
	flag.IntVar(&maxRedirects, "max-redirects", 10, "")
	flag.BoolVar(&noRedirects, "no-redirects", false, "")
	flag.BoolVar(&cookies, "cookies", false, "")
	flag.BoolVar(&noDecompress, "no-decompress", false, "")
	flag.IntVar(&maxHeaderBytes, "max-header-bytes", 0, "")
	flag.IntVar(&maxConnsPerHost, "max-conns-per-host", 0, "")
	flag.IntVar(&maxIdlePerHost, "max-idle-per-host", 0, "")
	flag.BoolVar(&noKeepAlive, "no-keep-alive", false, "")
	flag.IntVar(&repeat, "repeat", 1, "")
	flag.IntVar(&sleep, "sleep-between", 0, "")
	flag.String("backend", "", "")
	flag.Parse()
	return flag.Args()
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func makeTransport() *http.Transport {
	config := &tls.Config{InsecureSkipVerify: insecure, ServerName: serverName}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			fail(err)
		}
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(pem)
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			fail(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	transport := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: ms(dialTimeout)}).DialContext,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  ms(headerTimeout),
		ExpectContinueTimeout:  ms(expectTimeout),
		IdleConnTimeout:        ms(idle),
		MaxConnsPerHost:        maxConnsPerHost,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		MaxResponseHeaderBytes: int64(maxHeaderBytes),
		DisableKeepAlives:      noKeepAlive,
		DisableCompression:     noDecompress,
		ForceAttemptHTTP2:      true,
	}
	if proxy != "" {
		to, err := url.Parse(proxy)
		if err != nil {
			fail(err)
		}
		transport.Proxy = http.ProxyURL(to)
	} else if !noEnvProxy {
		transport.Proxy = http.ProxyFromEnvironment
	}
	if http1 || http2 || h2c {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetHTTP1(http1)
		transport.Protocols.SetHTTP2(http2 || h2c)
		transport.Protocols.SetUnencryptedHTTP2(h2c)
	}
	return transport
}

// kindOf sorts an error as hon_wire_client does, as far as Go's errors tell.
func kindOf(err error) string {
	var dial *net.OpError
	var verify *tls.CertificateVerificationError
	var alert tls.AlertError
	text := err.Error()
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.As(err, &verify), errors.As(err, &alert), strings.Contains(text, "tls: "),
		strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return "tls"
	case errors.As(err, &dial) && dial.Op == "proxyconnect", strings.Contains(text, "socks connect"):
		return "proxy"
	case errors.As(err, &dial) && dial.Op == "dial":
		return "dial"
	case strings.Contains(text, "stopped after"):
		return "redirect"
	}
	return "other"
}

func canonical(h http.Header) map[string][]string {
	out := map[string][]string{}
	for name, values := range h {
		for _, value := range values {
			name := textproto.CanonicalMIMEHeaderKey(name)
			out[name] = append(out[name], value)
		}
	}
	return out
}

func makeBody() io.Reader {
	var from io.Reader
	if body != "\x00" {
		from = strings.NewReader(body)
	} else if bodyLength >= 0 {
		from = bytes.NewReader(bytes.Repeat([]byte("0123456789abcdef"), int(bodyLength/16)+1)[:bodyLength])
	}
	if from != nil && chunked {
		from = struct{ io.Reader }{from}
	}
	return from
}

func send(base http.Client, target string, r *report) error {
	content := makeBody()
	verb := method
	if verb == "" {
		verb = "GET"
		if content != nil {
			verb = "POST"
		}
	}
	trace := &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			r.Reused = info.Reused
			r.Remote = info.Conn.RemoteAddr().String()
		},
		Got1xxResponse: func(code int, _ textproto.MIMEHeader) error {
			r.Informational = append(r.Informational, code)
			return nil
		},
	}
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(context.Background(), trace), verb, target, content)
	if err != nil {
		return err
	}
	if content != nil && chunked {
		request.ContentLength = -1
		request.TransferEncoding = []string{"chunked"}
	}
	for _, pair := range headers {
		name, value, _ := strings.Cut(pair, ":")
		request.Header.Add(name, strings.TrimSpace(value))
		if strings.EqualFold(name, "Host") {
			request.Host = strings.TrimSpace(value)
		}
	}
	for _, pair := range trailers {
		name, value, _ := strings.Cut(pair, ":")
		if request.Trailer == nil {
			request.Trailer = http.Header{}
		}
		request.Trailer.Add(name, strings.TrimSpace(value))
	}
	if expect {
		request.Header.Set("Expect", "100-continue")
	}
	base.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if noRedirects {
			return http.ErrUseLastResponse
		}
		if len(via) >= maxRedirects {
			return fmt.Errorf("stopped after %d redirects", maxRedirects)
		}
		r.URL = next.URL.String()
		r.Redirects = append(r.Redirects, r.URL)
		return nil
	}
	answer, err := base.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	r.Status, r.Proto, r.Header = answer.StatusCode, answer.Proto, canonical(answer.Header)
	digest := sha256.New()
	r.BodyLength, err = io.Copy(digest, answer.Body)
	r.BodySHA256 = hex.EncodeToString(digest.Sum(nil))
	r.Trailer = canonical(answer.Trailer)
	return err
}

func main() {
	urls := parse()
	client := http.Client{Transport: makeTransport(), Timeout: ms(timeout)}
	if cookies {
		client.Jar, _ = cookiejar.New(nil)
	}
	code := 0
	for i := 0; i < repeat*len(urls); i++ {
		if i != 0 && sleep != 0 {
			time.Sleep(ms(sleep))
		}
		r := report{URL: urls[i%len(urls)], Header: map[string][]string{}, Trailer: map[string][]string{},
			Informational: []int{}, Redirects: []string{}}
		if err := send(client, r.URL, &r); err != nil {
			code = 1
			text, kind := err.Error(), kindOf(err)
			r.Error, r.ErrorKind = &text, &kind
		}
		line, err := json.Marshal(r)
		if err != nil {
			fail(err)
		}
		fmt.Println(string(line))
	}
	os.Exit(code)
}
