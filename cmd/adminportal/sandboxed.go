package main

import (
	"context"
	"fmt"
	"net"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A sandbox is package portaltest's portal on a listener of ours.
type sandbox struct {
	*site
	portal       *portaltest.Handler
	key          string
	organization string
}

// serveSandbox serves a sandbox on a listener until close.
func serveSandbox(l net.Listener, opts ...portaltest.Option) *sandbox {
	portal := portaltest.NewHandler(opts...)
	return &sandbox{
		site:         serve(l, portal),
		portal:       portal,
		key:          portal.APIKey,
		organization: portal.Organization,
	}
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
		sandbox:      b.portal,
		close:        func() { _ = b.close() },
	}, nil
}
