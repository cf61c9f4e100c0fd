package client_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

func TestWarm(t *testing.T) {
	for d, want := range map[portaltest.Dialect]int{
		portaltest.DialectPortalLinks:  1,
		portaltest.DialectGenerateLink: 2, // the dialect is still to be learned
	} {
		srv := portaltest.NewServer(t, portaltest.WithDialect(d))
		portal := newClient(t, client.WithBaseURL(srv.URL), source(func(context.Context) (string, error) { return srv.APIKey, nil }))
		for range 100 { // pages in a row
			same(t, "Warm()", portal.Warm(t.Context()), nil)
		}
		same(t, fmt.Sprint(d, ": requests of a hundred pages"), len(srv.Requests()), want)
		_, err := portal.GeneratePortalLink(t.Context(), client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO})
		same(t, "the click's error", err, nil)
		same(t, fmt.Sprint(d, ": requests after the click"), len(srv.Requests()), want+1)
		same(t, fmt.Sprint(d, ": links made in all"), len(srv.Links()), 1)
	}
}

// What the server answers to an empty request, and what Warm makes of it.
func TestWarmAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		failed bool
		want   error
	}{
		"refused as incomplete":  {400, incomplete, false, nil},
		"live refusal":           {422, `{"message":"Validation failed","errors":[{"field":"organization","code":"required"}]}`, false, nil},
		"about the organization": {404, contractNotFound, false, nil},
		"a link":                 {200, `{"link":"` + testLink + `"}`, false, nil},
		"wrong key":              {401, `{"message":"Unauthorized"}`, true, client.ErrUnauthorized},
		"a proxy's page":         {403, "<html>", true, nil},
		"too many":               {429, `{"message":"Too many requests."}`, true, client.ErrRateLimited},
		"failure":                {503, ``, true, client.ErrServer},
		"no link":                {200, `{}`, true, client.ErrMalformedResponse},
	} {
		var seen tally
		var attempts []client.Attempt
		err := inMemory(t, script(&seen, answer(tt.status, tt.body)), reference, record(&attempts)).Warm(t.Context())
		if tt.failed {
			wantOnly(t, err, tt.want)
		} else if err != nil {
			t.Errorf("%s: Warm() = %v, want nil", name, err)
		}
		got := seen.requests()
		errorIf(t, len(got) != 1 || got[0].body != "{}" || len(attempts) != 1 || !attempts[0].Warm, "%s: sent %+v and observed %+v, want one empty object, observed as Warm's", name, got, attempts)
	}
}

func TestWarmAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, refused := range []int{401, 403} {
			portal, seen := scripted(t, steps{status(refused), status(400)}, reference)
			for _, step := range []struct {
				after time.Duration
				want  int
			}{
				{0, 1}, {0, 2}, // a key that was refused is tried again
				{0, 2}, {54 * time.Second, 2}, {2 * time.Second, 3}, // the connection may be closed by now
			} {
				time.Sleep(step.after)
				_ = portal.Warm(t.Context())
				errorIf(t, seen.total() != step.want, "%d requests, want %d", seen.total(), step.want)
			}
		}
	})
}

func TestWarmWithoutBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal, seen := scripted(t, steps{status(429, "Retry-After", "60")}, reference, oneTry)
		_ = ask(t, portal, 0)
		time.Sleep(57 * time.Second)
		warm := func(portal *client.Client) func() { return func() { same(t, "Warm()", portal.Warm(t.Context()), nil) } }
		same(t, "the time of Warm", timed(warm(portal)), 0)
		same(t, "requests", seen.total(), 1)
		same(t, "the time of Warm with a limiter that hangs", timed(warm(inMemory(t, succeed, stuckLimiter))), 100*time.Millisecond)
	})
}

// Callers share one request. Each leaves with its own context, or at the attempt's timeout.
func TestWarmIsSharedAndBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal, seen := scripted(t, steps{stall})
		for _, within := range []time.Duration{time.Second, time.Hour, time.Hour} {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), within)
				defer cancel()
				var err error
				took := timed(func() { err = portal.Warm(ctx) })
				asError(t, err)
				errorIf(t, !errors.Is(err, context.DeadlineExceeded) || took != min(within, 10*time.Second), "Warm() = %v after %v, want DeadlineExceeded", err, took)
			}()
			synctest.Wait() // the request of the least patient caller is under way as the others join
		}
		time.Sleep(2 * time.Hour)
		errorIf(t, seen.total() != 1, "%d requests, want one for all", seen.total())
	})
}

// Why Warm failed holds while it sends nothing, and it asks again after a while or once a call has
// been answered. The 503 does not teach the dialect. A connection that was lost is not warm.
func TestWarmRepeatsItsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal, seen := scripted(t, steps{answer(503, ""), answer(503, ""), answer(400, incomplete), cut, answer(400, incomplete)}, oneTry)
		want := func(err error, requests int) {
			t.Helper()
			got := portal.Warm(t.Context())
			errorIf(t, !errors.Is(got, err) || seen.total() != requests, "Warm = %v after %d requests, want %v after %d", got, seen.total(), err, requests)
		}
		want(client.ErrServer, 1)
		want(client.ErrServer, 1)
		time.Sleep(6 * time.Second)
		want(client.ErrServer, 2)
		time.Sleep(6 * time.Second)
		want(nil, 3)
		want(nil, 3)
		_, _ = portal.GeneratePortalLink(t.Context(), sso)
		want(nil, 5)
	})
}

// A call that was answered meanwhile shows that what failed has passed.
func TestWarmAfterACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal, seen := scripted(t, steps{status(503), succeed}, oneTry)
		wantOnly(t, portal.Warm(t.Context()), client.ErrServer)
		time.Sleep(time.Second)
		generate(t, portal)
		same(t, "Warm() after a call that was answered", portal.Warm(t.Context()), nil)
		same(t, "requests", seen.total(), 2)
	})
}

// A connection alone is not enough: the dialect is still to be learned.
func TestWarmLearnsTheDialectOverAnOpenConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal, seen := scripted(t, steps{status(503), answer(400, incomplete)}, oneTry)
		wantOnly(t, ask(t, portal, 0), client.ErrServer)
		same(t, "Warm()", portal.Warm(t.Context()), nil)
		same(t, "requests", seen.total(), 2)
	})
}
