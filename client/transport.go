package client

import (
	"net/http"
	"sync"
)

// idleConnections is how many connections stay open between calls. net/http keeps
// two per host, so that 64 concurrent callers would open a new one for nearly
// every call.
const idleConnections = 256

// sharedTransport serves every client that is not given an HTTP client of its
// own, so that several keys in one process share connections.
var sharedTransport = sync.OnceValue(func() http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport // the program has put its own there, and means it
	}
	t := standard.Clone()
	t.MaxIdleConns = idleConnections
	t.MaxIdleConnsPerHost = idleConnections
	return t
})

// httpClient copies base and keeps the copy from following redirects: one would
// carry the key and the request to an address that nobody has checked.
func httpClient(base *http.Client) *http.Client {
	hc := http.Client{}
	if base != nil {
		hc = *base
	}
	if hc.Transport == nil {
		hc.Transport = sharedTransport()
	}
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &hc
}
