package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A sandbox is package portaltest's portal on a listener of ours.
type sandbox struct {
	url          string
	key          string
	organization string
	server       *http.Server
	served       chan error
}

// serveSandbox serves a sandbox on a listener until close.
func serveSandbox(l net.Listener, opts ...portaltest.Option) *sandbox {
	portal := portaltest.NewHandler(opts...)
	b := &sandbox{
		url:          "http://" + reachable(l.Addr()),
		key:          portal.APIKey,
		organization: portal.Organization,
		served:       make(chan error, 1),
		server: &http.Server{
			Handler:           portal,
			ReadHeaderTimeout: 10 * time.Second,
			ReadTimeout:       time.Minute,
			IdleTimeout:       2 * time.Minute,
			ErrorLog:          log.New(io.Discard, "", 0), // what clients get wrong is answered
		},
	}
	go func() { b.served <- b.server.Serve(l) }()
	return b
}

// close ends the sandbox. Requests under way get a moment; those that a fault holds
// up are cut then.
func (b *sandbox) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	if b.server.Shutdown(ctx) != nil {
		_ = b.server.Close()
	}
	if err := <-b.served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// reachable is the address at which this host reaches a listener.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	return net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
}

// embed starts the sandbox that stands in for WorkOS when there is no key.
func embed(ctx context.Context) (*service, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the embedded sandbox: %w", err)
	}
	b := serveSandbox(l)
	return &service{
		baseURL:      b.url,
		key:          b.key,
		keyFrom:      "the sandbox's key",
		organization: b.organization,
		embedded:     true,
		close:        func() { _ = b.close() },
	}, nil
}
