// The peer gws: echo at /echo, broadcast at /broadcast.
package main

import (
	"net/http"
	"os"
	"sync"

	"github.com/lxzan/gws"
)

type echo struct{ gws.BuiltinEventHandler }

func (echo) OnPing(c *gws.Conn, payload []byte) { _ = c.WritePong(payload) }
func (echo) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	_ = c.WriteMessage(m.Opcode, m.Bytes())
}

type room struct {
	gws.BuiltinEventHandler
	mutex   sync.Mutex
	members map[*gws.Conn]struct{}
}

func (r *room) OnOpen(c *gws.Conn) {
	r.mutex.Lock()
	r.members[c] = struct{}{}
	r.mutex.Unlock()
}
func (r *room) OnClose(c *gws.Conn, _ error) {
	r.mutex.Lock()
	delete(r.members, c)
	r.mutex.Unlock()
}
func (r *room) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	b := gws.NewBroadcaster(m.Opcode, append([]byte(nil), m.Bytes()...))
	defer b.Close()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for c := range r.members {
		_ = b.Broadcast(c)
	}
}

func main() {
	options := func() *gws.ServerOption {
		return &gws.ServerOption{
			CheckUtf8Enabled:    true,
			ReadMaxPayloadSize:  16 << 20,
			WriteMaxPayloadSize: 16 << 20,
			PermessageDeflate:   gws.PermessageDeflate{Enabled: true, Level: 1, Threshold: 512},
		}
	}
	serve := func(u *gws.Upgrader) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if c, err := u.Upgrade(w, r); err == nil {
				go c.ReadLoop()
			}
		}
	}
	http.Handle("/echo", serve(gws.NewUpgrader(echo{}, options())))
	http.Handle("/broadcast", serve(gws.NewUpgrader(&room{members: map[*gws.Conn]struct{}{}}, options())))
	panic(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
