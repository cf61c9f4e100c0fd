package portaltest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// A TB is as much of *testing.T as [NewServer] needs: a program that serves a sandbox does not link
// package testing.
type TB interface {
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// A Server is an Admin Portal on a loopback address of its own. Make one with [NewServer].
type Server struct {
	*Handler
	URL   string // the address, without a slash at its end
	close func()
}

// NewServer starts a portal on loopback. The test's cleanup closes it. With a nil tb the caller
// closes it, and a machine without a free loopback port is a panic.
func NewServer(tb TB, opts ...Option) *Server {
	l, err := net.Listen("tcp", "127.0.0.1:0") // a loopback port is there at once or not at all
	switch {
	case err != nil && tb == nil:
		panic("portaltest: " + err.Error())
	case err != nil:
		tb.Fatalf("portaltest: %v", err)
		return nil
	}
	s := &Server{Handler: NewHandler(opts...), URL: "http://" + l.Addr().String()}
	s.baseURL = cmp.Or(s.baseURL, s.URL)
	s.serve(l)
	if tb != nil {
		tb.Cleanup(s.Close)
	}
	return s
}

// Close ends the server with every open request, and returns when its goroutines have ended. What
// it recorded stays readable. Closing twice is harmless.
func (s *Server) Close() { s.close() }

func (s *Server) serve(l net.Listener) {
	var running sync.WaitGroup // the accept loop, and every connection
	srv := &http.Server{
		Handler:           s.Handler,
		ReadHeaderTimeout: 10 * time.Second,
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				running.Add(1)
			case http.StateClosed, http.StateHijacked:
				running.Done()
			case http.StateActive, http.StateIdle:
			}
		},
	}
	running.Go(func() {
		if err := srv.Serve(s.Listener(l)); !errors.Is(err, http.ErrServerClosed) {
			panic("portaltest: " + err.Error())
		}
	})
	s.close = sync.OnceFunc(func() {
		_ = srv.Close() // the error is the listener's, which is gone either way
		running.Wait()
	})
}

// Listener wraps the listener of a server that serves h, so that a client that speaks TLS to this
// plain http is a line in [Handler.Requests] and in the log. [NewServer] uses it.
func (h *Handler) Listener(l net.Listener) net.Listener { return listener{l, h} }

type listener struct {
	net.Listener
	h *Handler
}

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &conn{Conn: c, h: l.h}, err
}

type conn struct {
	net.Conn
	h    *Handler
	seen bool // the first bytes
}

// Read passes on what it reads: net/http answers a TLS handshake with a 400.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if !c.seen && n > 0 && b[0] == 0x16 { // the type of a TLS record with a handshake, RFC 8446, section 5.1
		r := &Request{Status: 400, Notes: []string{"a TLS handshake: this is plain http, use an http:// address or turn TLS off in the client"}}
		c.h.record(r)
		c.h.finish(r, 0)
	}
	c.seen = c.seen || n > 0
	return n, err
}

// Transport reaches the portal without a socket:
//
//	hc := &http.Client{Transport: h.Transport()}
//
// Every request goes to this portal, whatever its host, and its links have the scheme and host that
// were asked. Each has a pipe in memory, so that a whole test can run in a testing/synctest bubble.
// A cut before the answer is io.EOF, one within the body io.ErrUnexpectedEOF, as on a socket.
func (h *Handler) Transport() http.RoundTripper {
	dial := func(scheme string) func(context.Context, string, string) (net.Conn, error) {
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // no socket, no slow stranger
			r.URL.Scheme = scheme
			r.Header.Del("Connection") // of DisableKeepAlives, not of the client
			h.ServeHTTP(w, r)
		})}
		return func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() { _ = srv.Serve(&pipe{Conn: far}) }() // ends with io.EOF at the second Accept
			return near, nil
		}
	}
	return &http.Transport{DialContext: dial("http"), DialTLSContext: dial("https"), DisableKeepAlives: true, DisableCompression: true}
}

// A pipe is the listener of one connection.
type pipe struct {
	net.Conn
	once sync.Once
}

func (p *pipe) Accept() (c net.Conn, err error) {
	err = io.EOF
	p.once.Do(func() { c, err = p.Conn, nil })
	return c, err
}

func (p *pipe) Close() error   { return nil } // the listener's, the connection goes on
func (p *pipe) Addr() net.Addr { return p.LocalAddr() }
