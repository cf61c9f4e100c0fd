package client_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// counted starts a server and counts its connections.
func counted(t testing.TB, h http.HandlerFunc) (option client.Option, connections *atomic.Int32) {
	t.Helper()
	connections = new(atomic.Int32)
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	return client.WithBaseURL(srv.URL), connections
}

// An attempt that fails gives its connection back, as one that succeeds.
func TestManyCallsShareFewConnections(t *testing.T) {
	var served atomic.Int32
	steps := []http.HandlerFunc{succeed, status(503), succeed}
	baseURL, connections := counted(t, func(w http.ResponseWriter, r *http.Request) { steps[int(served.Add(1))%len(steps)](w, r) })
	fromMany(t, newClient(t, baseURL, client.WithRetry(client.RetryPolicy{BaseDelay: time.Microsecond, MaxAttempts: 20})), 64, 15)
	got := connections.Load()
	errorIf(t, got > 70, "960 calls from 64 goroutines opened %d connections, want at most 70", got)
}

// Clients without an HTTP client of their own share connections. After an attempt that timed out
// the next one gets a new connection.
func TestClientsShareConnections(t *testing.T) {
	hang := make(chan struct{})
	var seen tally
	baseURL, connections := counted(t, func(w http.ResponseWriter, r *http.Request) {
		if seen.note(r); seen.total() == 11 {
			<-hang
		}
		succeed(w, r)
	})
	defer close(hang)
	for range 10 {
		generate(t, newClient(t, baseURL))
	}
	same(t, "connections of ten clients, one after the other", connections.Load(), 1)
	generate(t, newClient(t, baseURL, client.WithRetry(client.RetryPolicy{AttemptTimeout: 100 * time.Millisecond, BaseDelay: -1})))
	same(t, "connections after one that hung", connections.Load(), 2)
}

// The caller's HTTP client is neither changed nor asked about redirects.
func TestHTTPClientIsCopied(t *testing.T) {
	theirs := &http.Client{
		Timeout:       time.Minute,
		Transport:     memory(status(307, "Location", "/elsewhere")),
		CheckRedirect: func(*http.Request, []*http.Request) error { t.Error("CheckRedirect was called"); return nil },
	}
	portal := newClient(t, client.WithHTTPClient(theirs))
	fails(t, portal, 0, nil)
	errorIf(t, theirs.Timeout != time.Minute || theirs.CheckRedirect == nil, "the caller's client was changed: %+v", theirs)
	theirs.Transport = memory(succeed)
	fails(t, portal, 0, nil) // a transport that is set later is not used
}

// A writeCounter counts what is handed to the network.
type writeCounter struct {
	net.Conn
	writes *atomic.Int32
}

func (c writeCounter) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// net/http sends headers and body apart, which costs a packet, if it does not know the body's type.
func TestRequestLeavesInOnePacket(t *testing.T) {
	var writes atomic.Int32
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		return writeCounter{conn, &writes}, err
	}}
	defer transport.CloseIdleConnections()
	generate(t, serve(t, succeed, over(transport)))
	same(t, "writes of a request", writes.Load(), 1)
}

// A proxy that refuses CONNECT is asked once, and the error is about the proxy. (With a transport
// of the caller's, net/http keeps the words of the status alone: see TestNetworkFailures.)
func TestRefusingProxy(t *testing.T) {
	var seen tally
	proxy := httptest.NewServer(script(&seen, answer(407, "")))
	defer proxy.Close()
	address, _ := url.Parse(proxy.URL)
	standard := http.DefaultTransport
	defer func() { http.DefaultTransport = standard }()
	through := standard.(*http.Transport).Clone()
	through.Proxy = http.ProxyURL(address)
	http.DefaultTransport = through
	e := fails(t, newClient(t), 0, nil)
	errorIf(t, seen.total() != 1 || !strings.Contains(e.Error(), "a proxy on the way refused the connection with 407") || !strings.Contains(e.Hint(), "credentials"),
		"got %v (hint %q) after %d CONNECTs, want words and a hint about the proxy after one", e, e.Hint(), seen.total())
}

// What a test puts into http.DefaultTransport is used only while it is there.
func TestDefaultTransportIsFollowed(t *testing.T) {
	standard := http.DefaultTransport
	defer func() { http.DefaultTransport = standard }()
	var seen tally
	dialing := standard.(*http.Transport).Clone()
	dialing.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("a mock's dialer") }
	for _, swapped := range []http.RoundTripper{memory(script(&seen, succeed)), dialing} {
		http.DefaultTransport = swapped
		_, _ = newClient(t, oneTry).GeneratePortalLink(t.Context(), sso)
		http.DefaultTransport = standard
		generate(t, serve(t, succeed))
	}
	http.DefaultTransport, dialing.DialContext = dialing, nil // changed where it stands
	generate(t, serve(t, succeed))
	errorIf(t, seen.total() != 1, "the mock served %d requests, want the one while it was there", seen.total())
}
