package portaltest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// A TB is as much of *testing.T as [NewServer] needs. It is not testing.TB, so that
// a program which serves a sandbox does not link package testing.
type TB interface {
	// Cleanup is told what to do when the test has ended.
	Cleanup(func())
	// Fatalf ends the test.
	Fatalf(format string, args ...any)
}

// A Server is an Admin Portal on a loopback address of its own. Make one with
// [NewServer].
type Server struct {
	*Handler

	// URL is the server's address, without a slash at its end.
	URL string

	http  *http.Server
	close func()
}

// NewServer starts a portal on loopback. The test's cleanup closes it.
//
// With a nil tb nobody does: the caller closes the server, and a machine without a
// free loopback port is a panic.
func NewServer(tb TB, opts ...Option) *Server {
	if tb == nil {
		tb = loner{}
	}
	if h, ok := tb.(interface{ Helper() }); ok {
		h.Helper()
	}
	listener, err := listen()
	if err != nil {
		tb.Fatalf("portaltest: no loopback address to listen on: %v", err)
		return nil
	}
	s := &Server{Handler: NewHandler(opts...), URL: "http://" + listener.Addr().String()}
	if s.baseURL == "" {
		s.baseURL = s.URL
	}
	s.serve(listener)
	tb.Cleanup(s.Close)
	return s
}

// Close ends the server and every request that is still open, and returns when the
// last of its goroutines has. What the server recorded stays readable. Closing
// twice is harmless.
func (s *Server) Close() { s.close() }

// Bounds on what a client may make the server wait for. They are far from what a
// fault makes a client wait for: those waits are in the answer, not the request.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
)

func (s *Server) serve(listener net.Listener) {
	var running sync.WaitGroup // the accept loop, and every connection
	s.http = &http.Server{
		Handler:           s.Handler,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
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
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic("portaltest: " + err.Error())
		}
	})
	s.close = sync.OnceFunc(func() {
		// The error is the listener's, which is gone either way.
		_ = s.http.Close()
		running.Wait()
	})
}

// listen takes a free port on IPv4 loopback, or on IPv6 where there is no other.
func listen() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a loopback port is there at once or not at all
	if err != nil {
		return net.Listen("tcp", "[::1]:0") //nolint:noctx // as above
	}
	return l, nil
}

// loner stands in for a test that is not there.
type loner struct{}

func (loner) Cleanup(func()) {}

func (loner) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
