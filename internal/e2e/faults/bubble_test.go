package faults

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// inMemory runs a cell in a bubble, with the client's own policy, where time is exact.
// The bubble does not end before all of its goroutines have, and fails where none of
// them can go on: nothing hangs and nothing leaks.
func (c *cell) inMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		by := c.fault.by
		transport := &http.Transport{
			DialContext:           c.dialer(n),
			TLSClientConfig:       &tls.Config{RootCAs: trusted.pool()},
			ForceAttemptHTTP2:     by.frames != nil,
			ExpectContinueTimeout: time.Second,
		}
		baseURL := "http://127.0.0.1"
		if by.secure || by.tls != nil {
			baseURL = "https://" + host
		}
		if by.connect != nil {
			transport.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: proxyHost})
		}
		stop := c.serve(n)
		portal := c.client(t, baseURL, transport, client.RetryPolicy{})

		if by.warm {
			if err := c.call(context.Background(), portal); err != nil {
				t.Fatalf("%v: the call before: %v", c, err)
			}
		}
		c.armed.Store(true)
		start := time.Now()
		err := c.call(context.Background(), portal)
		took := time.Since(start)
		synctest.Wait()
		c.judge(t, err)
		c.timed(t, took)

		time.Sleep(time.Minute) // for the service to end what it has begun
		if open := n.open.Load(); open > 1 {
			t.Errorf("%v: %d connections are open after the call, want at most the one that is kept", c, open)
		}
		transport.CloseIdleConnections()
		synctest.Wait()
		if open := n.open.Load(); open != 0 {
			t.Errorf("%v: %d connections are open after the idle ones were closed, want none", c, open)
		}
		stop()
	})
}

// timed holds the time to the table: in fake time nothing but waits and stalls takes
// any.
func (c *cell) timed(t testing.TB, took time.Duration) {
	t.Helper()
	f := c.fault
	var sum time.Duration
	for i, a := range c.attempts {
		sum += a.Wait + a.Duration
		switch {
		case a.Err != nil && a.Duration != f.each:
			t.Errorf("%v: attempt %d took %v, want %v (%v)", c, i+1, a.Duration, f.each, a.Err)
		case a.Err == nil && a.Duration > f.slow:
			t.Errorf("%v: attempt %d took %v, want at most %v", c, i+1, a.Duration, f.slow)
		}
		switch {
		case i == 0 && a.Wait != 0:
			t.Errorf("%v: the first attempt waited %v", c, a.Wait)
		case i > 0 && f.asks > 0 && a.Wait != f.asks:
			t.Errorf("%v: waited %v for attempt %d, want the %v that the server asks for", c, a.Wait, i+1, f.asks)
		case i > 0 && a.Wait > f.wait(i):
			t.Errorf("%v: waited %v for attempt %d, want at most %v", c, a.Wait, i+1, f.wait(i))
		}
	}
	want, ok := c.want()
	if most := f.atMost(want, ok); took != sum || took > most {
		t.Errorf("%v: took %v, want the attempts' %v, and at most %v", c, took, sum, most)
	}
}

const proxyHost = "proxy.test:3128"

func (c *cell) dialer(n *network) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		if c.fault.by.dial != nil && c.hit() {
			return c.fault.by.dial(ctx)
		}
		return n.dial(ctx)
	}
}

type serverEndKey struct{}

// serve starts the service on a network, in the way that the fault needs it.
func (c *cell) serve(n *network) (stop func()) {
	by := c.fault.by
	server := &http.Server{
		Handler:  c,
		ErrorLog: log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, serverEndKey{}, conn)
		},
	}
	listener := net.Listener(n)
	if by.accept != nil {
		listener = &accepting{n, c}
	}
	if by.connect != nil {
		behind := newNetwork()
		proxy := &http.Server{Handler: c.proxy(behind)}
		front := listener
		go func() { _ = proxy.Serve(front) }()
		listener = behind
		defer func() {
			inner := stop
			stop = func() { inner(); _ = proxy.Close() }
		}()
	}
	if by.secure || by.tls != nil {
		config := sound.Clone()
		if by.frames != nil {
			config.NextProtos = []string{"h2"}
		}
		config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			if by.tls != nil && c.hit() {
				return by.tls, nil
			}
			return nil, nil
		}
		listener = tls.NewListener(listener, config)
	}
	if by.frames != nil {
		go serveHTTP2(listener, c)
		return func() { _ = listener.Close() }
	}
	go func() { _ = server.Serve(listener) }()
	return func() { _ = server.Close() }
}

// An accepting listener lets the fault have the connections that it hits.
type accepting struct {
	*network
	cell *cell
}

func (l *accepting) Accept() (net.Conn, error) {
	for {
		conn, err := l.network.Accept()
		if err != nil || !l.cell.hit() {
			return conn, err
		}
		if end, ok := conn.(*serverEnd); ok {
			go l.cell.fault.by.accept(end)
		}
	}
}

// proxy passes connections on to the network behind it, or refuses to.
func (c *cell) proxy(behind *network) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.hit() {
			c.fault.by.connect(w, r)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		// Said only now, so that net/http has read nothing of what the client says next.
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		behind.arriving <- conn
	})
}
