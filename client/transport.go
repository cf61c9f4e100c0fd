package client

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// maxConnections is how many connections a host is given, and how many stay open between calls.
// net/http keeps two and opens as many as there are callers without one: 64 concurrent callers
// would open a new one for nearly every call. At 100 ms a call this many carry 38,400 calls a
// minute, several times what WorkOS allows. Over HTTP/2 one carries all.
const maxConnections = 64

// pingAfter and pingTimeout find HTTP/2 connections that are silent because the network has dropped
// them. Together they take less than half of a button's ten seconds, so that a click which meets
// such a connection is made again on a new one in time.
const pingAfter = 1500 * time.Millisecond
const pingTimeout = 2 * time.Second

// maxHeaderBytes bounds the headers of an answer; net/http's own bound is 10 MiB.
const maxHeaderBytes = 128 << 10

// shared has the transport of all clients that have none of their own, so that the clients of
// several keys in one process share connections. Its key is http.DefaultTransport, its
// TLSClientConfig, and the code of its Proxy and DialContext: no other change in place is seen.
var shared sync.Map

// sharedTransport is made of http.DefaultTransport as it is now: a client keeps what a test had put
// there when New made it, and later clients do not. It returns what closes the idle connections,
// too, if they are the package's own.
func sharedTransport() (http.RoundTripper, func()) {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport, nil
	}
	own := newTransport(standard) // first, since Clone may complete standard
	key := [...]any{standard, standard.TLSClientConfig, fmt.Sprintf("%p %p", standard.Proxy, standard.DialContext)}
	kept, _ := shared.LoadOrStore(key, own)
	own = kept.(*http.Transport)
	return own, own.CloseIdleConnections
}

func newTransport(standard *http.Transport) *http.Transport {
	t := standard.Clone()
	t.MaxIdleConns = 2 * maxConnections // the API's and the CDN's
	t.MaxIdleConnsPerHost, t.MaxConnsPerHost = maxConnections, maxConnections
	t.MaxResponseHeaderBytes = maxHeaderBytes
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout}
	if t.OnProxyConnectResponse == nil {
		t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
			if resp.StatusCode != http.StatusOK {
				return proxyRefusal(resp.StatusCode)
			}
			return nil
		}
	}
	return t
}

// What is wrong with an answer that came.
var errTooLarge = errors.New("the body is too large: more than 1 MiB")
var errRedirected = errors.New("the answer comes from another address than was asked: the HTTP client's transport followed a redirect")

// transient reports whether an error of the network may pass.
func transient(err error) bool {
	status := proxyStatus(err)
	switch {
	case is[*tls.CertificateVerificationError](err), is[tls.RecordHeaderError](err), errors.Is(err, http.ErrSchemeMismatch), refusedByAlert(err),
		errors.Is(err, errTooLarge), errors.Is(err, errRedirected),
		errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), is[flate.CorruptInputError](err),
		errors.Is(err, context.Canceled): // not the caller's, who is dealt with before
		return false
	}
	return status == 0 || status == 500 || status >= 502 && status <= 504 || status >= 520
}

// is reports whether an error of the type is in the chain.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// refusedByAlert reports whether the server ended the handshake with a TLS alert, for example
// because it wants a certificate of its clients. Only an internal error may pass. (Package tls has
// a type for alerts, but gives it to QUIC alone.)
func refusedByAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error" && op.Err.Error() != tls.AlertError(80).Error()
}

// A proxyRefusal is the status of a proxy's answer to CONNECT.
type proxyRefusal int

func (p proxyRefusal) Error() string { return fmt.Sprintf("proxy: %d %s", p, http.StatusText(int(p))) }

// proxyStatus is the status with which a proxy refused to connect, 0 if that is not what happened.
// With a transport of the user's, net/http keeps the words of the status and nothing else.
func proxyStatus(err error) int {
	if own, ok := errors.AsType[proxyRefusal](err); ok {
		return int(own)
	}
	sent, ok := errors.AsType[*url.Error](err)
	for status := http.StatusMultipleChoices; ok && status <= http.StatusNetworkAuthenticationRequired; status++ {
		if words := http.StatusText(status); words != "" && sent.Err.Error() == words {
			return status
		}
	}
	return 0
}
