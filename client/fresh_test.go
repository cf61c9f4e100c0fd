package client_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

func TestEnsureFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal, seen := scripted(t, steps{slow(time.Second, succeed)})
		contacts := []string{"it@customer.example"}
		link, err := portal.GeneratePortalLink(t.Context(), client.PortalLinkRequest{
			Organization: "org_x", Intent: client.IntentDsync, ReturnURL: "https://a.example/settings", SuccessURL: "https://a.example/done", ITContactEmails: contacts,
		})
		same(t, "GeneratePortalLink's error", err, nil)
		contacts[0] = "changed by the caller"
		fresh := func(l *client.PortalLink) *client.PortalLink {
			t.Helper()
			got, err := portal.EnsureFresh(t.Context(), l)
			same(t, "EnsureFresh's error", err, nil)
			return got
		}

		time.Sleep(9*time.Minute + 28*time.Second) // 31 s left: one is lost to Date
		errorIf(t, fresh(link) != link, "with %v left got another link, want the same pointer", link.TTL())
		time.Sleep(2 * time.Second)
		next := fresh(link)
		errorIf(t, next == link || next.TTL() < 9*time.Minute, "with %v left got a link with %v left, want a new one", link.TTL(), next.TTL())
		errorIf(t, fresh(next) != next, "the new link is renewed again")
		errorIf(t, fresh(link) == next, "a later caller with the stale link got the first renewal, want a request of its own")
		const want = `{"intent":"dsync","it_contact_emails":["it@customer.example"],"organization":"org_x","return_url":"https://a.example/settings","success_url":"https://a.example/done"}`
		requests := seen.requests()
		for i, r := range requests {
			errorIf(t, r.path != livePath || r.body != want, "request %d: %s %s, want %s %s", i+1, r.path, r.body, livePath, want)
		}
		same(t, "requests", len(requests), 3)
	})
}

func TestEnsureFreshIsOneRequestForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal, seen := scripted(t, steps{slow(6*time.Second, succeed)})
		link := generate(t, portal)
		time.Sleep(time.Hour)
		// The first to ask leaves before the answer comes.
		go func() {
			_, err := portal.EnsureFresh(lasting(t, 1500*time.Millisecond), link)
			errorIf(t, !errors.Is(wantOnly(t, err, nil), context.DeadlineExceeded), "EnsureFresh: %v, want DeadlineExceeded", err)
		}()
		synctest.Wait()
		var first atomic.Pointer[client.PortalLink]
		together(100, func() {
			renewed, err := portal.EnsureFresh(t.Context(), link)
			first.CompareAndSwap(nil, renewed)
			errorIf(t, err != nil || renewed != first.Load() || renewed.Expired(), "EnsureFresh = %v, %v, want one fresh link for all", renewed, err)
		})
		same(t, "requests for the link and its renewal", seen.total(), 2)
	})
}

// Who joins with more time is not bound by the deadline of who came first. For one who is alone, no
// wait is begun that goes past the deadline.
func TestEnsureFreshAndDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal, _ := scripted(t, steps{succeed, slow(time.Second, status(503, "Retry-After", "20")), succeed}, reference)
		link := generate(t, portal)
		time.Sleep(time.Hour)
		go func() { _, _ = portal.EnsureFresh(lasting(t, 5*time.Second), link) }()
		synctest.Wait()
		_, err := portal.EnsureFresh(t.Context(), link)
		same(t, "the error of the caller with more time", err, nil)
		// One with more time who leaves does not count any more.
		portal, _ = scripted(t, steps{succeed, slow(time.Second, status(503, "Retry-After", "20"))})
		link = generate(t, portal)
		time.Sleep(time.Hour)
		patient, leave := context.WithCancel(t.Context())
		go func() { _, _ = portal.EnsureFresh(patient, link) }()
		time.AfterFunc(time.Second/2, leave)
		_, err = portal.EnsureFresh(lasting(t, 5*time.Second), link)
		same(t, "RetryAfter", wantOnly(t, err, client.ErrServer).RetryAfter, 20*time.Second)
		portal, _ = scripted(t, steps{succeed, status(429, "Retry-After", "30"), succeed})
		link = generate(t, portal)
		time.Sleep(time.Hour)
		start := time.Now()
		_, err = portal.EnsureFresh(lasting(t, 1500*time.Millisecond), link)
		e := wantOnly(t, err, client.ErrRateLimited)
		errorIf(t, e.RetryAfter != 30*time.Second || e.Attempts != 1 || time.Since(start) != 0, "got %v (%+v) after %v, want RetryAfter 30s at once", err, e, time.Since(start))
		// A limiter hears of the deadline, and of a millisecond more.
		var deadline time.Time
		portal = inMemory(t, succeed, client.WithExpiryMargin(time.Hour), client.WithLimiter(limiterFunc(func(ctx context.Context) error {
			deadline, _ = ctx.Deadline()
			return nil
		})))
		_, _ = portal.EnsureFresh(lasting(t, 5*time.Second), generate(t, portal))
		same(t, "the limiter's time", time.Until(deadline), 5001*time.Millisecond)
	})
}

// A new link is returned even if the margin is longer than its life.
func TestEnsureFreshMargin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for margin, want := range map[time.Duration]bool{0: false, time.Minute: false, 8 * time.Minute: true, time.Hour: true} {
			portal := inMemory(t, succeed, client.WithExpiryMargin(margin))
			link := generate(t, portal)
			time.Sleep(5 * time.Minute)
			got, err := portal.EnsureFresh(t.Context(), link)
			errorIf(t, err != nil || (got != link) != want, "margin %v: renewed: %v (%v), want %v", margin, got != link, err, want)
			time.Sleep(time.Hour)
			got, err = portal.EnsureFresh(t.Context(), link)
			errorIf(t, err != nil || got == link, "margin %v: an expired link was kept (%v)", margin, err)
		}
	})
}

func TestEnsureFreshRefusesLinksWithoutARequest(t *testing.T) {
	portal := inMemory(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	for _, link := range []*client.PortalLink{nil, {URL: testLink, ExpiresAt: time.Now().Add(time.Hour)}, {}} {
		_, err := portal.EnsureFresh(t.Context(), link)
		wantOnly(t, err, client.ErrInvalidRequest)
	}
}
