// fasthttp with the endpoints of the benchmark. usage: fasthttp PORT FILE
package main

import (
	"log"
	"net"
	"os"
	"time"

	"github.com/valyala/fasthttp"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: fasthttp PORT FILE")
	}
	file := os.Args[2]
	handler := func(c *fasthttp.RequestCtx) {
		switch string(c.Path()) {
		case "/":
			c.SetContentType("text/plain; charset=utf-8")
			c.SetBodyString("Welcome! Try /sse endpoint.")
		case "/echo":
			c.SetContentType("application/octet-stream")
			c.SetBody(c.PostBody())
		case "/file":
			fasthttp.ServeFile(c, file)
		default:
			c.NotFound()
		}
	}
	server := &fasthttp.Server{
		Handler: handler, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: 30 * time.Second,
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.Serve(listener))
}
