package portalhttp_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// patient never answers before the context ends.
func patient(ctx context.Context) (*client.PortalLink, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestTimeoutBoundsTheWholeClick(t *testing.T) {
	slow := func(r *http.Request) (client.PortalLinkRequest, error) {
		select {
		case <-time.After(4 * time.Second):
			return admin(r)
		case <-r.Context().Done():
			return client.PortalLinkRequest{}, context.Cause(r.Context())
		}
	}
	for _, c := range []struct {
		name string
		who  func(*http.Request) (client.PortalLinkRequest, error)
		opt  portalhttp.Option
		want time.Duration
	}{
		{"by default, with a slow function", slow, nil, 10 * time.Second},
		{"zero", admin, portalhttp.WithTimeout(0), 10 * time.Second},
		{"shorter than the function", slow, portalhttp.WithTimeout(3 * time.Second), 3 * time.Second},
		{"set", admin, portalhttp.WithTimeout(time.Minute), time.Minute},
		{"the request's own, none here", admin, portalhttp.WithTimeout(-1), time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			h := portalhttp.NewHandler(&fake{answer: patient}, c.who, c.opt, portalhttp.WithLogger(nil),
				portalhttp.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, _ error) {
					if err := r.Context().Err(); err != nil && ctx.Err() == nil {
						t.Errorf("%s: error handler's context = %v, want time left to make a page", c.name, err)
					}
					w.WriteHeader(http.StatusGatewayTimeout)
				}))
			rec, req := newClick("/")
			start := time.Now()
			h.ServeHTTP(rec, req.WithContext(ctx))
			if got := time.Since(start); got != c.want || rec.Code != http.StatusGatewayTimeout {
				t.Errorf("%s: answer = %d after %v, want 504 after %v", c.name, rec.Code, got, c.want)
			}
		})
	}
}

// The client does not begin a wait that the timeout would cut short: the person reads at once when to come back.
func TestLongWaitsAreNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := wire(func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "42")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		portal, err := client.New("sk_test_0123456789", client.WithHTTPClient(&http.Client{Transport: limited}))
		if err != nil {
			t.Fatal(err)
		}
		h := portalhttp.NewHandler(portal, admin, portalhttp.WithLogger(nil))
		for _, want := range []string{"42", "32"} {
			rec, req := newClick("/")
			start := time.Now()
			h.ServeHTTP(rec, req)
			if got := rec.Header().Get("Retry-After"); rec.Code != http.StatusServiceUnavailable || got != want || time.Since(start) > 0 {
				t.Errorf("answer = %d, Retry-After %q after %v, want 503, %q at once", rec.Code, got, time.Since(start), want)
			}
			time.Sleep(10 * time.Second)
		}
	})
}

// Somebody who clicks twice leaves the first request.
func TestNothingIsWrittenToThoseWhoLeft(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	portal := &fake{answer: func(ctx context.Context) (*client.PortalLink, error) {
		leave()
		return patient(ctx)
	}}
	log, called := new(journal), false
	h := portalhttp.NewHandler(portal, admin, portalhttp.WithLogger(log.logger()),
		portalhttp.WithErrorHandler(func(http.ResponseWriter, *http.Request, error) { called = true }))
	rec, req := newClick("/")
	h.ServeHTTP(rec, req.WithContext(ctx))
	if line := log.line(t); rec.Body.Len() > 0 || rec.Code < 400 || called || line["level"] != "DEBUG" {
		t.Errorf("answer = %d %q, logged %v (error handler called: %v), want no page, no success, DEBUG, no call", rec.Code, rec.Body, line, called)
	}
}
