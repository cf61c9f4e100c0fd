package client

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	// maxConnections is how many connections a host is given, and how many stay open between
	// calls. net/http keeps two and opens as many as there are callers without one: 64 concurrent
	// callers would open a new one for nearly every call. At 100 ms a call this many carry 38,400
	// calls a minute, several times what WorkOS allows. Over HTTP/2 one carries all.
	maxConnections = 64

	// pingAfter and pingTimeout find HTTP/2 connections that are silent because the network has
	// dropped them. Together they take less than half of a button's ten seconds, so that a click
	// which meets such a connection is made again on a new one in time.
	pingAfter   = 1500 * time.Millisecond
	pingTimeout = 2 * time.Second

	// maxHeaderBytes bounds the headers of an answer; net/http's own bound is 10 MiB.
	maxHeaderBytes = 128 << 10
)

// shared is the transport of every client that has none of its own, so that the clients of several
// keys in one process share connections.
var shared struct {
	sync.Mutex
	from      *http.Transport // http.DefaultTransport when it was made
	transport *http.Transport
}

// sharedTransport follows http.DefaultTransport: what a test puts there is used while it is there.
// It returns what closes the idle connections, too, if they are the package's own.
func sharedTransport() (http.RoundTripper, func()) {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport, nil
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.from != standard {
		shared.from, shared.transport = standard, newTransport(standard)
	}
	return shared.transport, shared.transport.CloseIdleConnections
}

func newTransport(standard *http.Transport) *http.Transport {
	t := standard.Clone()
	t.MaxIdleConns = 2 * maxConnections // the API's and the CDN's
	t.MaxIdleConnsPerHost = maxConnections
	t.MaxConnsPerHost = maxConnections
	t.MaxResponseHeaderBytes = maxHeaderBytes
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout}
	if t.OnProxyConnectResponse == nil {
		t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
			if resp.StatusCode != http.StatusOK {
				return proxyRefusal{resp.StatusCode}
			}
			return nil
		}
	}
	return t
}
