package redislimit_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
	"github.com/adminportal-go/adminportal/client/redislimit"
)

// replicas returns clients with a limiter each, as in a fleet, and a portal whose own
// limit is far above theirs.
func replicas(t *testing.T, n, limit int, window time.Duration) (*portaltest.Server, []*client.Client) {
	t.Helper()
	srv := portaltest.NewServer(t)
	portals := make([]*client.Client, n)
	for i := range portals {
		portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL),
			client.WithLimiter(redislimit.New(shared(t), t.Name(), limit, window,
				redislimit.WithSlack(window)))) // HTTP on a busy machine
		if err != nil {
			t.Fatal(err)
		}
		portals[i] = portal
	}
	return srv, portals
}

func generate(ctx context.Context, srv *portaltest.Server, portal *client.Client) error {
	_, err := portal.GeneratePortalLink(ctx, client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
	return err
}

func TestClientsShareTheBudget(t *testing.T) {
	t.Parallel()
	const limit, window = 4, time.Second
	srv, portals := replicas(t, 2, limit, window)
	var (
		seen tally
		wg   sync.WaitGroup
	)
	for i := range 12 {
		wg.Go(func() {
			if err := generate(within(t, 20*time.Second), srv, portals[i%2]); err != nil {
				t.Errorf("GeneratePortalLink = %v", err)
			}
		})
	}
	wg.Wait()
	for _, request := range srv.Requests() {
		seen.times = append(seen.times, request.Time)
	}
	if err := seen.check(limit, window); err != nil || len(seen.times) != 12 {
		t.Errorf("the portal saw %d requests, want 12; %v", len(seen.times), err)
	}
}

// One client is refused: all stay away.
func TestClientsCoolDownTogether(t *testing.T) {
	t.Parallel()
	srv, portals := replicas(t, 2, 100, time.Second)
	srv.Fail(portaltest.Fault{Status: 429, RetryAfter: 3 * time.Second})
	ctx := within(t, 20*time.Second)
	refused := make(chan error, 1)
	go func() { refused <- generate(ctx, srv, portals[0]) }()
	eventually(t, "one was refused", func() bool { return len(srv.Requests()) == 1 })
	first := srv.Requests()[0].Time
	eventually(t, "the other is told to wait", func() bool {
		ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		defer cancel()
		err := generate(ctx, srv, portals[1])
		return errors.Is(err, client.ErrRateLimited) && errors.Is(err, redislimit.ErrWouldExceedDeadline)
	})
	if err := generate(ctx, srv, portals[1]); err != nil {
		t.Errorf("GeneratePortalLink = %v", err)
	}
	if err := <-refused; err != nil {
		t.Errorf("GeneratePortalLink = %v", err)
	}
	requests := srv.Requests()
	if last := requests[len(requests)-1].Time.Sub(first); last < 3*time.Second {
		t.Errorf("the last request came %v after the refusal, want 3s at least", last)
	}
}
