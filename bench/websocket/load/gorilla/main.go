// The peer gorilla: echo at /echo, broadcast at /broadcast.
package main

import (
	"net/http"
	"os"
	"sync"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{EnableCompression: true}

func take(w http.ResponseWriter, r *http.Request) *websocket.Conn {
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil
	}
	c.SetReadLimit(16 << 20)
	_ = c.SetCompressionLevel(1)
	return c
}

func read(c *websocket.Conn) (int, []byte, bool) {
	kind, data, err := c.ReadMessage()
	return kind, data, err == nil && (kind != websocket.TextMessage || utf8.Valid(data))
}

func echo(w http.ResponseWriter, r *http.Request) {
	c := take(w, r)
	if c == nil {
		return
	}
	defer c.Close()
	for {
		kind, data, ok := read(c)
		if !ok {
			return
		}
		c.EnableWriteCompression(len(data) >= 512)
		if c.WriteMessage(kind, data) != nil {
			return
		}
	}
}

// As in gorilla's chat example: a queue and a goroutine for each member.
type room struct {
	mutex   sync.Mutex
	members map[chan *websocket.PreparedMessage]struct{}
}

func (m *room) serve(w http.ResponseWriter, r *http.Request) {
	c := take(w, r)
	if c == nil {
		return
	}
	defer c.Close()
	queue := make(chan *websocket.PreparedMessage, 256)
	m.mutex.Lock()
	m.members[queue] = struct{}{}
	m.mutex.Unlock()
	defer func() {
		m.mutex.Lock()
		delete(m.members, queue)
		m.mutex.Unlock()
		close(queue)
	}()
	go func() {
		for message := range queue {
			_ = c.WritePreparedMessage(message)
		}
	}()
	for {
		kind, data, ok := read(c)
		if !ok {
			return
		}
		message, _ := websocket.NewPreparedMessage(kind, data)
		m.mutex.Lock()
		for other := range m.members {
			select {
			case other <- message:
			default:
			}
		}
		m.mutex.Unlock()
	}
}

func main() {
	all := room{members: map[chan *websocket.PreparedMessage]struct{}{}}
	http.HandleFunc("/echo", echo)
	http.HandleFunc("/broadcast", all.serve)
	panic(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
