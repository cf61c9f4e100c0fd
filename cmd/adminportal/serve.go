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
	"syscall"
	"time"
)

// listen takes the address of a command's --addr; example is one to show.
func listen(ctx context.Context, addr, example string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, usagef("--addr must be host:port, such as %s", example)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return nil, usagef("--addr: %q is not a port number, 0 to 65535", port)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, hintedError{
			fmt.Errorf("port %s is in use", port),
			"choose another with --addr, such as --addr " + net.JoinHostPort(host, "0") + " for any free one",
		}
	case err != nil:
		return nil, hintedError{fmt.Errorf("listen on %s: %w", addr, err), "choose another address with --addr"}
	}
	return l, nil
}

// A site is a handler on a listener of ours, reached under its URL.
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
			ReadTimeout:       time.Minute,
			IdleTimeout:       2 * time.Minute,
			ErrorLog:          log.New(io.Discard, "", 0), // what clients get wrong is answered
		},
	}
	go func() { s.served <- s.server.Serve(l) }()
	return s
}

// close ends the site. Requests under way get a moment; those that are held up are
// cut then.
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

// urlOf is the address at which this host reaches a listener.
func urlOf(l net.Listener) string {
	addr := l.Addr().String()
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return "http://" + addr
}
