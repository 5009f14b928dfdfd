// The server of bench/client, and Go's client. Modes: serve, load.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func certificate() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() {
	block := make([]byte, 64*1024)
	http.HandleFunc("/down", func(w http.ResponseWriter, r *http.Request) {
		left, _ := strconv.ParseInt(r.FormValue("bytes"), 10, 64)
		w.Header().Set("Content-Length", strconv.FormatInt(left, 10))
		for left > 0 {
			n := min(left, int64(len(block)))
			if _, err := w.Write(block[:n]); err != nil {
				return
			}
			left -= n
		}
	})
	http.HandleFunc("/up", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, "ok")
	})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") })
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	server := &http.Server{TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate()}}}
	go server.ServeTLS(secure, "", "")
	fmt.Println(plain.Addr(), secure.Addr())
	check(http.Serve(plain, nil))
}

func cpu() float64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Sec+usage.Stime.Sec) + float64(usage.Utime.Usec+usage.Stime.Usec)/1e6
}

type filler struct{ left int64 }

func (f *filler) Read(into []byte) (int, error) {
	if f.left == 0 {
		return 0, io.EOF
	}
	n := min(f.left, int64(len(into)))
	f.left -= n
	return int(n), nil
}

func load(url string, requests, atOnce int, upload int64, http2 bool) {
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true},
		MaxIdleConnsPerHost: atOnce, DisableCompression: true, ForceAttemptHTTP2: http2,
	}
	if !http2 {
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	client := &http.Client{Transport: transport}
	var left atomic.Int64
	left.Store(int64(requests))
	var received atomic.Int64
	var all sync.WaitGroup
	before := cpu()
	for range atOnce {
		all.Add(1)
		go func() {
			defer all.Done()
			buffer := make([]byte, 64*1024)
			for left.Add(-1) >= 0 {
				method := "GET"
				var body io.Reader
				if upload != 0 {
					method, body = "PUT", &filler{upload}
				}
				request, err := http.NewRequest(method, url, body)
				check(err)
				if upload != 0 {
					request.ContentLength = upload
				}
				answer, err := client.Do(request)
				check(err)
				for {
					n, err := answer.Body.Read(buffer)
					received.Add(int64(n))
					if err == io.EOF {
						break
					}
					check(err)
				}
				answer.Body.Close()
			}
		}()
	}
	all.Wait()
	fmt.Printf("%.3f %d\n", (cpu()-before)*1e6/float64(requests), received.Load())
}

func main() {
	url := flag.String("url", "", "load: what to ask for; without it the program serves")
	requests := flag.Int("requests", 1000, "")
	atOnce := flag.Int("at-once", 1, "")
	upload := flag.Int64("upload", 0, "bytes of each request's body")
	http2 := flag.Bool("http2", false, "")
	flag.Parse()
	if *url == "" {
		serve()
	} else {
		load(*url, *requests, *atOnce, *upload, *http2)
	}
}
