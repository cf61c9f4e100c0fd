package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

func TestWarm(t *testing.T) {
	for name, d := range map[string]portaltest.Dialect{"reference": portaltest.DialectPortalLinks, "live": portaltest.DialectGenerateLink} {
		t.Run(name, func(t *testing.T) {
			srv := portaltest.NewServer(t, portaltest.WithDialect(d))
			portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL))
			if err != nil {
				t.Fatal(err)
			}
			for range 100 { // pages in a row
				if err := portal.Warm(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			want := 1
			if d == portaltest.DialectGenerateLink {
				want = 2 // the dialect is still to be learned
			}
			if got := len(srv.Requests()); got != want {
				t.Errorf("a hundred pages made %d requests, want %d", got, want)
			}
			if _, err := portal.GeneratePortalLink(t.Context(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO}); err != nil {
				t.Fatal(err)
			}
			if got := len(srv.Requests()); got != want+1 {
				t.Errorf("the click made %d requests, want 1", got-want)
			}
			if got := len(srv.Links()); got != 1 {
				t.Errorf("%d links were made, want the click's alone", got)
			}
		})
	}
}

// What the server answers to an empty request, and what Warm makes of it.
func TestWarmAnswers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   error // nil: success
		failed bool
	}{
		{"refused as incomplete", 400, `{"error":"invalid_request","error_description":"The 'organization' parameter is required","code":"invalid_request"}`, nil, false},
		{"live refusal", 422, `{"message":"Validation failed","errors":[{"field":"organization","code":"required"}]}`, nil, false},
		{"about the organization", 404, contractNotFound, nil, false},
		{"a link", 200, `{"link":"` + testLink + `"}`, nil, false},
		{"wrong key", 401, `{"message":"Unauthorized"}`, client.ErrUnauthorized, true},
		{"a proxy's page", 403, "<html>", nil, true},
		{"too many", 429, `{"message":"Too many requests."}`, client.ErrRateLimited, true},
		{"failure", 503, ``, client.ErrServer, true},
		{"no link", 200, `{}`, client.ErrMalformedResponse, true},
	} {
		var seen tally
		var attempts []client.Attempt
		portal := serve(t, func(w http.ResponseWriter, r *http.Request) { seen.note(r); reply(w, tt.status, tt.body) },
			client.WithDialect(client.DialectPortalLinks), record(&attempts))
		err := portal.Warm(t.Context())
		if tt.failed != (err != nil) {
			t.Errorf("%s: Warm = %v, want an error: %v", tt.name, err, tt.failed)
		}
		if err != nil {
			wantOnly(t, err, tt.want)
			asError(t, err)
		}
		if got := seen.requests(); len(got) != 1 || got[0].body != "{}" || len(attempts) != 1 || !attempts[0].Warm {
			t.Errorf("%s: sent %+v and observed %+v, want one empty object, observed as Warm's", tt.name, got, attempts)
		}
	}
}

func TestWarmAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, script(&seen, status(401), status(400)), client.WithDialect(client.DialectPortalLinks))
		warm := func(want int) {
			t.Helper()
			_ = portal.Warm(t.Context())
			if seen.total() != want {
				t.Errorf("%d requests after %v, want %d", seen.total(), time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)), want)
			}
		}
		warm(1)
		warm(2) // a key that is refused is tried again
		warm(2)
		time.Sleep(54 * time.Second)
		warm(2)
		time.Sleep(2 * time.Second)
		warm(3) // the connection may be closed by now
	})
}

func TestWarmWithoutBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, script(&seen, status(429, "Retry-After", "60")), client.WithDialect(client.DialectPortalLinks), client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
		_, _ = portal.GeneratePortalLink(t.Context(), sso)
		time.Sleep(57 * time.Second)
		start := time.Now()
		if err := portal.Warm(t.Context()); err != nil || seen.total() != 1 || time.Since(start) != 0 {
			t.Errorf("Warm = %v after %d requests and %v, want nil at once, and nothing sent", err, seen.total()-1, time.Since(start))
		}
		// A limiter is given a tenth of a second.
		portal = inMemory(t, succeed, client.WithLimiter(stuckLimiter{}))
		start = time.Now()
		if err := portal.Warm(t.Context()); err != nil || time.Since(start) != 100*time.Millisecond {
			t.Errorf("Warm = %v after %v, want nil after 100ms", err, time.Since(start))
		}
	})
}

func TestWarmIsSharedAndBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) {
			seen.note(r)
			<-r.Context().Done()
		})
		start := time.Now()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := portal.Warm(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Warm = %v, want DeadlineExceeded", err)
				}
			})
		}
		wg.Wait()
		if seen.total() != 1 || time.Since(start) != 10*time.Second {
			t.Errorf("%d requests and %v, want one for all, and an attempt's 10s", seen.total(), time.Since(start))
		}
		ctx, cancel := contextWithin(t, time.Second)
		defer cancel()
		start = time.Now()
		if err := portal.Warm(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("Warm = %v after %v, want the caller's deadline after 1s", err, time.Since(start))
		}
	})
}

func TestWarmUsesTheCurrentKey(t *testing.T) {
	var seen tally
	key := "sk_old"
	portal := serve(t, accepting(&seen, accepted("sk_new")), client.WithDialect(client.DialectPortalLinks),
		client.WithAPIKeySource(func(context.Context) (string, error) { return key, nil }))
	wantOnly(t, portal.Warm(t.Context()), client.ErrUnauthorized)
	key = "sk_new"
	if err := portal.Warm(t.Context()); err != nil {
		t.Errorf("Warm = %v, want nil with the new key", err)
	}
}

// One attempt that hangs leaves time for another.
func TestFirstAttemptTakesHalfOfTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen tally
		stall := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		portal := inMemory(t, script(&seen, stall, succeed))
		ctx, cancel := contextWithin(t, 8*time.Second)
		defer cancel()
		start := time.Now()
		if _, err := portal.GeneratePortalLink(ctx, sso); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 4*time.Second || took > 5*time.Second {
			t.Errorf("took %v, want 4s for the attempt that hangs, and a backoff", took)
		}
		// Where no other attempt may follow, the first has all the time.
		seen = tally{}
		portal = inMemory(t, script(&seen, stall), client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
		ctx, cancel = contextWithin(t, 8*time.Second)
		defer cancel()
		start = time.Now()
		_, err := portal.GeneratePortalLink(ctx, sso)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 8*time.Second {
			t.Errorf("got %v after %v, want DeadlineExceeded after 8s", err, time.Since(start))
		}
	})
}

// A second route gets another Idempotency-Key: a gateway may hold a key to its first request.
func TestIdempotencyKeyOfEachRoute(t *testing.T) {
	var seen tally
	portal := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if seen.note(r).path == livePath {
			liveLink(w)
			return
		}
		http.NotFound(w, r)
	})
	generate(t, portal)
	got := seen.requests()
	if len(got) != 2 || got[0].header.Get("Idempotency-Key") == got[1].header.Get("Idempotency-Key") || got[1].header.Get("Idempotency-Key") == "" {
		t.Errorf("%d requests, want two with different keys", len(got))
	}
}

func TestByteOrderMarkIsSkipped(t *testing.T) {
	portal := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "\ufeff"+`{"link":"`+testLink+`"}`)
	})
	generate(t, portal)
	e := once(t, client.DialectPortalLinks, func(w http.ResponseWriter, _ *http.Request) { reply(w, 404, "\ufeff"+contractNotFound) })
	wantOnly(t, e, client.ErrOrganizationNotFound)
}

// A transport that follows redirects, as fetch does in a browser, does not make a link of what it
// finds there.
func TestFollowedRedirectIsNoLink(t *testing.T) {
	follows := roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := memory(succeed).RoundTrip(r)
		if err == nil {
			resp.Request = r.Clone(r.Context())
			resp.Request.URL.Path = "/login"
		}
		return resp, err
	})
	portal := newClient(t, client.WithHTTPClient(&http.Client{Transport: follows}))
	link, err := portal.GeneratePortalLink(t.Context(), sso)
	if e := asError(t, err); link != nil || e.Attempts != 1 {
		t.Errorf("got %v, %v after %d attempts, want an error after one", link, err, e.Attempts)
	}
}

func TestRedirectOfTheIconFileHintsAtTheFile(t *testing.T) {
	for _, code := range []int{301, 304} {
		portal := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }, client.WithDialect(client.DialectGenerateLink))
		_, err := portal.ListProviderIcons(t.Context())
		if e := asError(t, err); e.StatusCode != code || e.Hint() != "check the address of the icon file: set WithCDNURL to where it is" {
			t.Errorf("%d: got %v with hint %q, want one about the file", code, err, e.Hint())
		}
	}
}
