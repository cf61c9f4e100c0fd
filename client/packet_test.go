package client_test

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/adminportal-go/adminportal/client"
)

// A writeCounter counts what is handed to the network.
type writeCounter struct {
	net.Conn
	writes *atomic.Int32
}

func (c writeCounter) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// Headers and body leave together: net/http sends them apart when it does not know
// the body's type, at the cost of a packet.
func TestRequestLeavesInOnePacket(t *testing.T) {
	var writes atomic.Int32
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return writeCounter{conn, &writes}, err
	}}
	defer transport.CloseIdleConnections()
	portal := serve(t, func(w http.ResponseWriter, _ *http.Request) { sheetLink(w) }, client.WithHTTPClient(&http.Client{Transport: transport}))
	generate(t, portal)
	if got := writes.Load(); got != 1 {
		t.Errorf("a request was written in %d parts, want 1", got)
	}
}
