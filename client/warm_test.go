package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
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
		"a link":                 {200, liveSuccess, false, nil},
		"wrong key":              {401, `{"message":"Unauthorized"}`, true, client.ErrUnauthorized},
		"a proxy's page":         {403, "<html>", true, nil},
		"too many":               {429, `{"message":"Too many requests."}`, true, client.ErrRateLimited},
		"failure":                {503, ``, true, client.ErrServer},
		"no link":                {200, `{}`, true, client.ErrMalformedResponse},
	} {
		var seen tally
		var attempts []client.Attempt
		err := inMemory(t, script(&seen, answer(tt.status, tt.body)), reference, record(&attempts)).Warm(t.Context())
		errorIf(t, (err != nil) != tt.failed, "%s: Warm() = %v, want an error: %v", name, err, tt.failed)
		if err != nil {
			wantOnly(t, err, tt.want)
		}
		got := seen.requests()
		errorIf(t, len(got) != 1 || got[0].body != "{}" || len(attempts) != 1 || !attempts[0].Warm, "%s: sent %+v and observed %+v, want one empty object, observed as Warm's", name, got, attempts)
	}
}

// What comes of Warm and of a click, one after the other.
func TestWarmAsksAgain(t *testing.T) {
	const warm, click = false, true
	type visit struct {
		after    time.Duration
		click    bool
		want     error
		requests int // in all
	}
	// A key that was refused is tried again. After 55 s the connection may be closed.
	refused := []visit{{0, warm, client.ErrUnauthorized, 1}, {0, warm, nil, 2}, {0, warm, nil, 2}, {54 * time.Second, warm, nil, 2}, {2 * time.Second, warm, nil, 3}}
	for name, tt := range map[string]struct {
		dialect client.Dialect
		answers steps
		visits  []visit
	}{
		"401": {client.DialectPortalLinks, steps{status(401), status(400)}, refused},
		"403": {client.DialectPortalLinks, steps{status(403), status(400)}, refused},
		// The 503 does not teach the dialect, and is not asked for on every page. A connection that was
		// lost is not warm.
		"nothing is learned": {client.DialectAuto, steps{status(503), status(400), cut, answer(400, incomplete)}, []visit{
			{0, warm, client.ErrServer, 1}, {0, warm, nil, 1}, {54 * time.Second, warm, nil, 1}, {2 * time.Second, warm, nil, 2},
			{0, click, io.ErrUnexpectedEOF, 3}, {0, warm, nil, 4},
		}},
		"403 about the organization": {client.DialectPortalLinks, steps{answer(403, liveNotFound)}, []visit{{0, warm, nil, 1}, {0, warm, nil, 1}}},
		"too large":                  {client.DialectPortalLinks, steps{answer(200, strings.Repeat(" ", 1<<21)), status(400)}, []visit{{0, click, client.ErrMalformedResponse, 1}, {0, warm, nil, 2}}},
		"the known route is asked":   {client.DialectAuto, steps{answer(404, ""), answer(422, `{"message":"x"}`), answer(404, `{"message":"Not Found"}`)}, []visit{{0, warm, nil, 2}, {56 * time.Second, warm, nil, 3}}},
		// A call that was answered meanwhile shows that what failed has passed.
		"a click is answered": {client.DialectAuto, steps{status(503), succeed}, []visit{{0, warm, client.ErrServer, 1}, {time.Second, click, nil, 2}, {0, warm, nil, 2}}},
		// A connection alone is not enough: the dialect is still to be learned.
		"a click opened the connection": {client.DialectAuto, steps{status(503), answer(400, incomplete)}, []visit{{0, click, client.ErrServer, 1}, {0, warm, nil, 2}}},
	} {
		bubble(t, name, func(t *testing.T) {
			portal, seen := scripted(t, tt.answers, client.WithDialect(tt.dialect), oneTry)
			for i, v := range tt.visits {
				time.Sleep(v.after)
				call := portal.Warm
				if v.click {
					call = func(context.Context) error { return ask(t, portal, 0) }
				}
				err := call(t.Context())
				errorIf(t, !errors.Is(err, v.want) || seen.total() != v.requests, "visit %d: got %v after %d requests, want %v after %d", i, err, seen.total(), v.want, v.requests)
			}
		})
	}
}

func TestWarmWithoutBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal, seen := scripted(t, steps{status(429, "Retry-After", "60")}, oneTry)
		_ = ask(t, portal, 0)
		go func() { _ = ask(t, portal, 0) }() // waits for the budget, and is to find the dialect out
		time.Sleep(57 * time.Second)
		warm := func(portal *client.Client) func() { return func() { same(t, "Warm()", portal.Warm(t.Context()), nil) } }
		same(t, "the time of Warm", timed(warm(portal)), 0)
		same(t, "requests", seen.total(), 1)
		same(t, "the time of Warm with a limiter that hangs", timed(warm(inMemory(t, succeed, stuckLimiter))), 100*time.Millisecond)
		time.Sleep(time.Minute)
	})
}

// Callers share one request. Each leaves with its own context, or at the attempt's timeout.
func TestWarmIsSharedAndBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal, seen := scripted(t, steps{stall, succeed})
		for _, within := range []time.Duration{time.Second, time.Hour, time.Hour} {
			go func() {
				var err error
				took := timed(func() { err = portal.Warm(lasting(t, within)) })
				errorIf(t, !errors.Is(wantOnly(t, err, nil), context.DeadlineExceeded) || took != min(within, 10*time.Second), "Warm() = %v after %v, want DeadlineExceeded", err, took)
			}()
			synctest.Wait() // the request of the least patient caller is under way as the others join
		}
		errorIf(t, seen.total() != 1, "%d requests, want one for all", seen.total())
		same(t, "the wait of a click meanwhile", timed(func() { generate(t, portal) }), 0)
		time.Sleep(2 * time.Hour)
	})
}
