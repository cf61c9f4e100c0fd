package client_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

func TestEnsureFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			seen.note(r)
			time.Sleep(time.Second)
			sheetLink(w)
		})
		link := generate(t, portal)
		fresh := func(l *client.PortalLink) *client.PortalLink {
			t.Helper()
			got, err := portal.EnsureFresh(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}

		time.Sleep(9*time.Minute + 28*time.Second) // 31 s left: one is lost to Date
		if got := fresh(link); got != link {
			t.Errorf("with %v left got another link, want the same pointer", link.TTL())
		}
		time.Sleep(2 * time.Second)
		next := fresh(link)
		if next == link || next.TTL() < 9*time.Minute {
			t.Errorf("with %v left got a link with %v left, want a new one", link.TTL(), next.TTL())
		}
		if again := fresh(next); again != next {
			t.Error("the successor is not fresh")
		}
		requests := seen.requests()
		if len(requests) != 2 || requests[0].body != requests[1].body {
			t.Errorf("%d requests, want 2 that ask for the same", len(requests))
		}

		// Who comes later with the stale link makes a request of its own.
		if again := fresh(link); again == next || seen.total() != 3 {
			t.Errorf("%d requests, want a third", seen.total())
		}
	})
}

func TestEnsureFreshIsOneRequestForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			seen.note(r)
			time.Sleep(time.Second)
			sheetLink(w)
		})
		link := generate(t, portal)
		time.Sleep(time.Hour)
		// The first to ask leaves before the answer comes.
		ctx, cancel := contextWithin(t, 500*time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := portal.EnsureFresh(ctx, link); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want DeadlineExceeded", err)
			}
		})
		synctest.Wait()
		got := make([]*client.PortalLink, 100)
		for i := range got {
			wg.Go(func() {
				var err error
				if got[i], err = portal.EnsureFresh(t.Context(), link); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, l := range got {
			if l != got[0] || l.Expired() {
				t.Fatalf("got %p and %p, want one fresh link for all", l, got[0])
			}
		}
		if seen.total() != 2 {
			t.Errorf("%d requests, want one for the link and one for its successor", seen.total())
		}
	})
}

func TestEnsureFreshMargin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for margin, want := range map[time.Duration]bool{0: false, time.Minute: false, 8 * time.Minute: true} {
			portal := inMemory(t, succeed, client.WithExpiryMargin(margin))
			link := generate(t, portal)
			time.Sleep(5 * time.Minute)
			got, err := portal.EnsureFresh(t.Context(), link)
			if err != nil || (got != link) != want {
				t.Errorf("margin %v: renewed %v (%v), want %v", margin, got != link, err, want)
			}
		}
	})
}

// A link that is not fresh even when new is still the best there is.
func TestEnsureFreshOfShortLivedLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal := inMemory(t, succeed, client.WithExpiryMargin(time.Hour))
		link := generate(t, portal)
		got, err := portal.EnsureFresh(t.Context(), link)
		if err != nil || got == link {
			t.Errorf("EnsureFresh = %v, %v, want a new link", got, err)
		}
	})
}

func TestEnsureFreshKeepsTheCallersPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, script(&seen, succeed, status(429, "Retry-After", "30"), succeed))
		link := generate(t, portal)
		time.Sleep(time.Hour)
		ctx, cancel := contextWithin(t, 5*time.Second)
		defer cancel()
		start := time.Now()
		_, err := portal.EnsureFresh(ctx, link)
		wantOnly(t, err, client.ErrRateLimited)
		if e := asError(t, err); e.RetryAfter != 30*time.Second || e.Attempts != 1 || time.Since(start) != 0 {
			t.Errorf("got %v (%+v) after %v, want RetryAfter 30s at once", err, e, time.Since(start))
		}
	})
}

func TestEnsureFreshRefusesLinksWithoutARequest(t *testing.T) {
	portal := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	for name, link := range map[string]*client.PortalLink{
		"nil": nil, "literal": {URL: testLink, ExpiresAt: time.Now().Add(time.Hour)}, "zero": {},
	} {
		_, err := portal.EnsureFresh(t.Context(), link)
		wantOnly(t, err, client.ErrInvalidRequest)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
