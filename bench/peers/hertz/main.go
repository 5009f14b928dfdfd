// CloudWeGo's Hertz with the endpoints of the program: hon --type hertz.
package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/common/hlog"
	"github.com/cloudwego/hertz/pkg/protocol/http1/resp"
)

func welcome(_ context.Context, c *app.RequestContext) {
	c.Data(200, "text/plain; charset=utf-8", []byte("Welcome! Try /sse endpoint."))
}

func echo(_ context.Context, c *app.RequestContext) {
	c.Data(200, "application/octet-stream", c.Request.Body())
}

func sse(ctx context.Context, c *app.RequestContext) {
	c.SetStatusCode(200)
	c.Response.Header.Set("Content-Type", "text/event-stream")
	c.Response.Header.Set("Cache-Control", "no-cache")
	c.Response.HijackWriter(resp.NewChunkedBodyWriter(&c.Response, c.GetWriter()))
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		fmt.Fprintf(c, "data: %s\n\n", time.Now().UTC().Format(time.RFC3339))
		if c.Flush() != nil {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func main() {
	addr := flag.String("addr", ":8080", "where to listen: [HOST]:PORT or unix:/PATH")
	file := flag.String("file", "", "what /file serves")
	loops := flag.Int("loops", 0, "threads that run Go code; 0: one for each core")
	readTimeout := flag.Duration("read-timeout", 10*time.Second, "for a request to come")
	writeTimeout := flag.Duration("write-timeout", 10*time.Second, "for an answer to be taken")
	idleTimeout := flag.Duration("keep-alive-timeout", 30*time.Second, "for an idle connection")
	flag.Parse()
	if *loops > 0 {
		runtime.GOMAXPROCS(*loops)
	}
	hlog.SetLevel(hlog.LevelFatal)

	network, address := "tcp", *addr
	if path, isUnix := strings.CutPrefix(address, "unix:"); isUnix {
		network, address = "unix", path
	}
	h := server.New(
		server.WithNetwork(network), server.WithHostPorts(address),
		server.WithReadTimeout(*readTimeout), server.WithWriteTimeout(*writeTimeout),
		server.WithIdleTimeout(*idleTimeout), server.WithExitWaitTime(0),
		// Ends ctx when the client leaves; without it /sse would not notice.
		server.WithSenseClientDisconnection(true),
	)
	h.GET("/", welcome)
	h.POST("/echo", echo)
	h.GET("/sse", sse)
	h.GET("/file", func(_ context.Context, c *app.RequestContext) { c.File(*file) })
	fmt.Printf("hertz listening on %s\n", address)
	h.Spin()
}
