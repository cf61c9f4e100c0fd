package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/adminportal-go/adminportal/client"
)

// toxics are what toxiproxy puts between client and service.
type toxics []map[string]any

const (
	upstream   = "upstream"   // the request's way
	downstream = "downstream" // the answer's
)

func toxic(kind, stream string, attributes ...any) map[string]any {
	values := map[string]any{}
	for i := 0; i < len(attributes); i += 2 {
		values[fmt.Sprint(attributes[i])] = attributes[i+1]
	}
	return map[string]any{"type": kind, "stream": stream, "toxicity": 1, "attributes": values}
}

// lingering has no toxicity of its own. That it is there makes the proxy's closing a
// reset.
var lingering = map[string]any{"type": "reset_peer", "stream": downstream, "toxicity": 0, "attributes": map[string]any{"timeout": 0}}

// portClosed is no toxic: nobody listens.
var portClosed = toxics{}

// inBody stands for a number of bytes that ends in the body of the true answer.
const inBody = -1

// On sockets nobody looks at the clock but to notice a hang. Waits are short, and so
// are the attempts that stall; no others may hit a limit on a slow machine.
const (
	shortWait    = 5 * time.Millisecond
	shortAttempt = time.Second
	hang         = time.Minute
)

// onTheWire runs a cell on sockets. The fault lies on the proxy's way, and as long as
// it strikes the client connects through the proxy. Where attempts stall it strikes
// for ever: an attempt that is not hit might last too long as well.
func (c *cell) onTheWire(t testing.TB) {
	c.wired = true
	server := httptest.NewUnstartedServer(c)
	var open openCount
	server.Config.ConnState = open.server
	server.Start()
	defer server.Close()
	direct := server.Listener.Addr().String()

	dialer := new(net.Dialer)
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return open.client(dialer.DialContext(ctx, network, direct))
	}
	policy := client.RetryPolicy{BaseDelay: shortWait, AttemptTimeout: hang}
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()

	// The call before says how long the answer is, and what is wrong without a fault.
	if err := c.call(ctx, c.client(t, server.URL, transport, policy)); err != nil {
		t.Errorf("%v: the call before: %v", c, err)
		return
	}
	transport.CloseIdleConnections()
	through, stop, err := c.fault.wire.proxy(direct, int(open.read.Load()))
	if err != nil {
		t.Errorf("%v: %v", c, err)
		return
	}
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		address := direct
		if c.times == forEver || c.made() < c.times {
			address = through
		}
		return open.client(dialer.DialContext(ctx, network, address))
	}
	if c.fault.each > 0 {
		policy.AttemptTimeout = shortAttempt
	}
	portal := c.client(t, server.URL, transport, policy)
	c.armed.Store(true)
	err = c.call(ctx, portal)
	c.judge(t, err)
	if ctx.Err() != nil {
		t.Errorf("%v: hung for %v", c, hang)
	}
	if n := open.clients.Load(); n > 1 {
		t.Errorf("%v: %d connections are open after the call, want at most the one that is kept", c, n)
	}
	transport.CloseIdleConnections()
	stop()
	open.wantNone(t, c.String())
}

// proxy starts a proxy with the toxics on the way to a service. length is that of a
// true answer.
func (list toxics) proxy(service string, length int) (address string, stop func(), err error) {
	if len(list) == 0 {
		return "127.0.0.1:1", func() {}, nil // a port that no system gives away
	}
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	proxy := toxiproxy.NewProxy(api, "portal", "127.0.0.1:0", service)
	for i, attributes := range list {
		text, err := json.Marshal(attributes)
		if err != nil {
			return "", nil, err
		}
		const margin = 20 // the lengths of two answers differ by less
		spelled := strings.Replace(string(text), fmt.Sprintf(`"bytes":%d`, inBody), fmt.Sprintf(`"bytes":%d`, length-margin), 1)
		spelled = strings.Replace(spelled, `{`, fmt.Sprintf(`{"name":"%d",`, i), 1)
		if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(spelled)); err != nil {
			return "", nil, fmt.Errorf("%s: %w", spelled, err)
		}
	}
	if err := proxy.Start(); err != nil {
		return "", nil, err
	}
	return proxy.Listen, proxy.Stop, nil
}

// An openCount counts connections that are open, at either end, and what the client
// has read.
type openCount struct {
	clients atomic.Int32
	read    atomic.Int64

	mu      sync.Mutex
	servers map[net.Conn]bool
}

func (o *openCount) client(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	o.clients.Add(1)
	return &countedConn{Conn: conn, read: &o.read, closed: sync.OnceFunc(func() { o.clients.Add(-1) })}, nil
}

func (o *openCount) server(conn net.Conn, state http.ConnState) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.servers == nil {
		o.servers = map[net.Conn]bool{}
	}
	switch state {
	case http.StateClosed, http.StateHijacked:
		delete(o.servers, conn)
	default:
		o.servers[conn] = true
	}
}

// wantNone waits for the last connection to be closed.
func (o *openCount) wantNone(t testing.TB, name string) {
	t.Helper()
	left := func() (clients, servers int) {
		o.mu.Lock()
		defer o.mu.Unlock()
		return int(o.clients.Load()), len(o.servers)
	}
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		clients, servers := left()
		if clients+servers == 0 {
			return
		}
		if time.Since(start) > hang {
			t.Errorf("%s: %d connections are open at the client and %d at the server, want none", name, clients, servers)
			return
		}
	}
}

type countedConn struct {
	net.Conn
	read   *atomic.Int64
	closed func()
}

func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read.Add(int64(n))
	return n, err
}

func (c *countedConn) Close() error {
	c.closed()
	return c.Conn.Close()
}
