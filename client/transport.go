package client

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// maxConnections is how many connections a host is given, and how many stay open
// between calls. net/http keeps two and opens as many as there are callers without
// one: 64 concurrent callers would open a new one for nearly every call. At 100 ms
// a call this many carry 38,400 calls a minute, several times what WorkOS allows;
// over HTTP/2 one carries all.
const maxConnections = 64

// sharedTransport serves every client that is not given an HTTP client of its
// own, so that several keys in one process share connections.
var sharedTransport = sync.OnceValue(func() http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport // the program has put its own there, and means it
	}
	t := standard.Clone()
	t.MaxIdleConns = 2 * maxConnections // the API's and the CDN's
	t.MaxIdleConnsPerHost = maxConnections
	t.MaxConnsPerHost = maxConnections
	t.MaxResponseHeaderBytes = 128 << 10 // net/http takes 10 MiB unless told
	return t
})

// A sender is what is left of an HTTP client when redirects are not followed: one
// would carry the key and the request to an address that nobody has checked. Asking
// the transport itself also spares the copy of the headers that http.Client makes
// for every request in case of a redirect.
type sender struct {
	transport http.RoundTripper
	jar       http.CookieJar // nil: none
}

// newSender takes what it needs from hc, which may be nil.
func newSender(hc *http.Client) sender {
	var s sender
	if hc != nil {
		s = sender{hc.Transport, hc.Jar}
	}
	if s.transport == nil {
		s.transport = sharedTransport()
	}
	return s
}

// send sends one request. Its errors are as http.Client's are.
func (s *sender) send(req *http.Request) (*http.Response, error) {
	if s.jar != nil {
		for _, cookie := range s.jar.Cookies(req.URL) {
			req.AddCookie(cookie)
		}
	}
	resp, err := s.transport.RoundTrip(req)
	if err == nil && resp == nil {
		err = errors.New("the HTTP client's transport returned neither an answer nor an error")
	}
	if err != nil {
		var record tls.RecordHeaderError
		if errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/" {
			err = http.ErrSchemeMismatch
		}
		return nil, &url.Error{Op: req.Method[:1] + strings.ToLower(req.Method[1:]), URL: req.URL.String(), Err: err}
	}
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	if s.jar != nil {
		if cookies := resp.Cookies(); len(cookies) > 0 {
			s.jar.SetCookies(req.URL, cookies)
		}
	}
	return resp, nil
}
