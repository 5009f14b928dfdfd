// Load for a WebSocket server: prints how many messages it got in the time, and checks every one.
//
//	load -url ws://127.0.0.1:PORT/echo -conns 100 -size 1024 -deflate -seconds 3
//	load -url ws://127.0.0.1:PORT/broadcast -conns 1000 -size 20 -seconds 3
//
// At /echo each connection has one message under way. At /broadcast one connection sends the next
// message when all have got the last.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lxzan/gws"
)

type client struct {
	gws.BuiltinEventHandler
	payload []byte
	echo    bool
	stop    *atomic.Bool
	got     *atomic.Int64
	done    *sync.WaitGroup
}

func (c *client) OnMessage(socket *gws.Conn, message *gws.Message) {
	defer message.Close()
	if !bytes.Equal(message.Bytes(), c.payload) {
		fmt.Fprintln(os.Stderr, "load: not what was sent")
		os.Exit(1)
	}
	c.got.Add(1)
	if !c.echo {
		c.done.Done()
		return
	}
	if c.stop.Load() {
		c.done.Done()
		return
	}
	if err := socket.WriteMessage(gws.OpcodeText, c.payload); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// Text that deflate makes about a third of, as JSON is.
func text(size int) []byte {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `{"id":%d,"name":"user-%d","score":%d},`, i, i*7919%1000, i*104729%100000)
	}
	return []byte(b.String()[:size])
}

func main() {
	url := flag.String("url", "", "where")
	conns := flag.Int("conns", 1, "connections")
	size := flag.Int("size", 20, "bytes of a message")
	seconds := flag.Float64("seconds", 3, "how long")
	deflate := flag.Bool("deflate", false, "offer permessage-deflate")
	flag.Parse()

	var stop atomic.Bool
	var got atomic.Int64
	var done sync.WaitGroup
	echo := strings.HasSuffix(*url, "/echo")
	payload := text(*size)
	var sockets []*gws.Conn
	for i := 0; i < *conns; i++ {
		handler := &client{payload: payload, echo: echo, stop: &stop, got: &got, done: &done}
		socket, _, err := gws.NewClient(handler, &gws.ClientOption{
			Addr:              *url,
			PermessageDeflate: gws.PermessageDeflate{Enabled: *deflate, Level: 1, Threshold: 512},
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, "load:", err)
			os.Exit(1)
		}
		sockets = append(sockets, socket)
		go socket.ReadLoop()
	}
	time.Sleep(300 * time.Millisecond) // so that all of them have joined
	fmt.Println("connected")
	if _, err := fmt.Scanln(); err != nil { // the measurement begins
		os.Exit(1)
	}
	began := time.Now()
	end := began.Add(time.Duration(*seconds * float64(time.Second)))
	if echo {
		done.Add(*conns)
		for _, socket := range sockets {
			_ = socket.WriteMessage(gws.OpcodeText, payload)
		}
		time.Sleep(time.Until(end))
		stop.Store(true)
		done.Wait()
	} else {
		for time.Now().Before(end) {
			done.Add(*conns)
			_ = sockets[0].WriteMessage(gws.OpcodeText, payload)
			done.Wait()
		}
	}
	fmt.Println(got.Load(), time.Since(began).Seconds())
	fmt.Scanln()
}
