package portalhttp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// patient never answers before the context ends.
func patient(ctx context.Context, _ client.PortalLinkRequest) (*client.PortalLink, error) {
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
		opts []portalhttp.Option
		want time.Duration
	}{
		{"by default", admin, nil, 10 * time.Second},
		{"zero", admin, []portalhttp.Option{portalhttp.WithTimeout(0)}, 10 * time.Second},
		{"with a slow function", slow, nil, 10 * time.Second},
		{"shorter than the function", slow, []portalhttp.Option{portalhttp.WithTimeout(3 * time.Second)}, 3 * time.Second},
		{"set", admin, []portalhttp.Option{portalhttp.WithTimeout(time.Minute)}, time.Minute},
		{"the request's own, none here", admin, []portalhttp.Option{portalhttp.WithTimeout(-1)}, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				h := portalhttp.NewHandler(&fake{answer: patient}, c.who, append(c.opts, portalhttp.WithLogger(nil),
					portalhttp.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, _ error) {
						if err := r.Context().Err(); err != nil && ctx.Err() == nil {
							t.Errorf("error handler's context = %v, want time left to make a page", err)
						}
						w.WriteHeader(http.StatusGatewayTimeout)
					}))...)
				rec := httptest.NewRecorder()
				start := time.Now()
				h.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil))
				if got := time.Since(start); got != c.want || rec.Code != http.StatusGatewayTimeout {
					t.Errorf("answer = %d after %v, want 504 after %v", rec.Code, got, c.want)
				}
			})
		})
	}
}

// The client does not begin a wait that the timeout would cut short: the person reads at once when to come back.
func TestLongWaitsAreNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal, err := client.New("sk_test_0123456789", client.WithHTTPClient(&http.Client{Transport: limited{}}))
		if err != nil {
			t.Fatal(err)
		}
		h := portalhttp.NewHandler(portal, admin, portalhttp.WithLogger(nil))
		for _, want := range []string{"42", "32"} {
			rec, req := newClick()
			start := time.Now()
			h.ServeHTTP(rec, req)
			if got := rec.Header().Get("Retry-After"); rec.Code != http.StatusServiceUnavailable || got != want || time.Since(start) > 0 {
				t.Errorf("answer = %d, Retry-After %q after %v, want 503, %q at once", rec.Code, got, time.Since(start), want)
			}
			time.Sleep(10 * time.Second)
		}
	})
}

// limited answers 429 with a wait of 42 s.
type limited struct{}

func (limited) RoundTrip(*http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	rec.Header().Set("Retry-After", "42")
	rec.WriteHeader(http.StatusTooManyRequests)
	return rec.Result(), nil
}

// Somebody who clicks twice leaves the first request.
func TestNothingIsWrittenToThoseWhoLeft(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	portal := &fake{answer: func(ctx context.Context, _ client.PortalLinkRequest) (*client.PortalLink, error) {
		leave()
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	log, called := new(journal), false
	h := portalhttp.NewHandler(portal, admin, portalhttp.WithLogger(log.logger()),
		portalhttp.WithErrorHandler(func(http.ResponseWriter, *http.Request, error) { called = true }))
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil))
	if rec.Body.Len() > 0 || rec.Code < 400 || called {
		t.Errorf("answer = %d %q (error handler called: %v), want no page, no success, no call", rec.Code, rec.Body, called)
	}
	if line := log.line(t); line["level"] != "DEBUG" {
		t.Errorf("log line = %v, want level DEBUG", line)
	}
}
