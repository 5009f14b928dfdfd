//go:build go1.24

package goclient

import "net/http"

func init() {
	withoutTLS = func(transport *http.Transport) bool {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
		return true
	}
}
