package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"
)

// listen listens on the address of --addr.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err == nil {
		return l, nil
	}
	wrong := errors.As(err, new(*net.AddrError)) || errors.As(err, new(*net.DNSError))
	return nil, hintedError{err, "choose another --addr, such as 127.0.0.1:0 for any free port", wrong}
}

func onLoopback(l net.Listener) bool {
	tcp, ok := l.Addr().(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// urlOf is the address at which this host reaches a listener.
func urlOf(l net.Listener) string {
	addr := l.Addr().String()
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return "http://" + addr
}

// A site is a handler that is being served.
type site struct {
	url    string
	server *http.Server
	served chan error
}

// serve serves a handler until close.
func serve(l net.Listener, h http.Handler) *site {
	s := &site{
		url:    urlOf(l),
		served: make(chan error, 1),
		server: &http.Server{
			Handler:           h,
			ReadHeaderTimeout: 10 * time.Second,
			ErrorLog:          log.New(io.Discard, "", 0), // the client gets an answer
		},
	}
	go func() { s.served <- s.server.Serve(l) }()
	return s
}

// close ends a site. Requests get half a second to end; then they are cut.
func (s *site) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	if s.server.Shutdown(ctx) != nil {
		_ = s.server.Close()
	}
	if err := <-s.served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// serveUntilStopped returns when a signal has ended a site, which is no failure.
// printed is the error of printing its address.
func (a *app) serveUntilStopped(ctx context.Context, s *site, printed error) error {
	if printed != nil && !a.out.closed() { // a reader may go after the first line
		_ = s.close()
		return printed
	}
	select {
	case <-ctx.Done():
		if a.log.tty {
			a.log.say("") // the terminal has written ^C
		}
		return s.close()
	case err := <-s.served:
		return fmt.Errorf("serve %s: %w", s.url, err)
	}
}
