package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client"
)

// routesMissing are the ways in which a server says that it has no such route.
var routesMissing = map[string]http.HandlerFunc{
	"framework":       answer(404, "Cannot POST /portal_links"),
	"framework, JSON": answer(404, `{"message":"Cannot POST /organizations/portal_links","error":"Not Found","statusCode":404}`),
	"message":         answer(404, `{"message":"Not Found"}`),
	"message, code":   answer(404, `{"message":"Not Found","code":"not_found"}`),
	"error, code":     answer(404, `{"error":"Not Found","code":"not_found"}`),
	"HTML":            answer(404, "<!doctype html><title>404</title>"),
	"nothing":         answer(404, ""),
	"FastAPI":         answer(404, `{"detail":"Not Found"}`),
	"names the path":  answer(404, `<p>The requested URL /portal_links was not found</p>`),
	"large page":      answer(404, strings.Repeat("<p>not found</p>", 1<<17)),
	"405":             answer(405, ""), "410": answer(410, ""), "501": answer(501, ""),
	"Spring":          answer(404, `{"title":"Not Found","status":404,"detail":"No static resource organizations/portal_links."}`),
	"AWS API Gateway": answer(403, `{"message":"Missing Authentication Token"}`),
}

func TestMissingRouteTeachesTheLiveDialect(t *testing.T) {
	for name, missing := range routesMissing {
		t.Run(name, func(t *testing.T) {
			var seen tally
			portal := serve(t, liveOnly(&seen, missing), oneTry)
			for range 3 {
				generate(t, portal)
			}
			seen.want(t, 1, 3)
			first, second := seen.requests()[0].header.Get("Idempotency-Key"), seen.requests()[1].header.Get("Idempotency-Key")
			// A gateway may hold a key to its first request.
			errorIf(t, first == second || second == "", "the routes were sent the Idempotency-Keys %q and %q, want one each", first, second)
		})
	}
}

// Each service has one dialect, and answers the first call with an error that teaches it.
func TestErrorsTeachTheDialect(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		live   int // 1: of the live dialect
		want   error
	}{
		{400, incomplete, 0, client.ErrInvalidRequest},
		{404, "\ufeff" + contractNotFound, 0, client.ErrOrganizationNotFound}, // a byte order mark is skipped
		{404, `{"error":"not_found","error_description":"x","code":"organization_not_found"}`, 0, client.ErrOrganizationNotFound},
		{422, `{"error":"invalid_request","error_description":"bad id","code":"invalid_request"}`, 0, client.ErrInvalidRequest},
		{400, `{"message":"Could not find an organization with the id, bogus-id."}`, 1, client.ErrOrganizationNotFound},
		{404, liveNotFound, 1, client.ErrOrganizationNotFound},
		{422, `{"message":"Validation failed","errors":[{"field":"return_url","code":"bad"}]}`, 1, client.ErrInvalidRequest},
	} {
		portal, seen := scripted(t, steps{answer(404, ""), answer(tt.status, tt.body), answer(404, "")}[1-tt.live:], oneTry)
		fails(t, portal, 0, tt.want)
		fails(t, portal, 0, nil) // of a route that is known, a 404 is no reason to try the other one
		seen.want(t, 2-tt.live, 2*tt.live)
	}
	// What speaks of an organization is no missing route, even if it teaches nothing.
	portal, seen := scripted(t, steps{answer(404, `{"message":"No organization has that ID"}`)})
	fails(t, portal, 0, client.ErrOrganizationNotFound)
	seen.want(t, 1, 0)
}

// Once the route is known to be there, a 404 that does not speak of the organization comes from an
// intermediary. It is retried, and the error says what it is.
func TestMissingRouteOfAKnownServiceIsAnIntermediarys(t *testing.T) {
	for _, name := range []string{"message", "message, code", "HTML", "nothing", "FastAPI", "names the path"} {
		for _, d := range dialects {
			if name == "message" && d == client.DialectGenerateLink {
				wantOnly(t, once(t, d, routesMissing[name]), client.ErrOrganizationNotFound) // the live service's older words
				continue
			}
			bubble(t, fmt.Sprintf("%s/%v", name, d), func(t *testing.T) {
				missing := routesMissing[name]
				portal, seen := scripted(t, steps{missing, missing, succeed, missing}, client.WithDialect(d))
				generate(t, portal)
				same(t, "requests", seen.total(), 3)
				e := fails(t, portal, 0, nil)
				errorIf(t, e.StatusCode != 404 || e.Attempts != 4 || !strings.Contains(e.Hint(), "proxy, gateway or firewall"), "got %v (%d attempts, hint %q), want a 404 after 4 attempts, and a hint at an intermediary", e, e.Attempts, e.Hint())
			})
		}
	}
}

// A framework's own words say that a route which was known is gone. The other one is tried once.
func TestRouteThatIsGoneIsForgotten(t *testing.T) {
	portal, seen := scripted(t, steps{
		succeed, answer(404, `{"message":"Cannot GET /portal_links","error":"Not Found"}`), succeed, // Express, Nest
		succeed, answer(404, `{"message":"Route POST:/portal/generate_link not found","error":"Not Found"}`), succeed, // Fastify
	})
	for range 3 {
		generate(t, portal)
	}
	seen.want(t, 2, 2)
	generate(t, portal)
	seen.want(t, 3, 3)
}

func TestBothRoutesMissing(t *testing.T) {
	texts := map[error]string{}
	keep := client.WithObserver(func(_ context.Context, a client.Attempt) { texts[a.Err] = a.Err.Error() })
	portal, seen := scripted(t, steps{http.NotFound, answer(404, `{"message":"Not Found","code":"not_found"}`)}, client.WithBaseURL("https://gateway.example"), keep)
	for range 2 {
		e := fails(t, portal, 0, nil)
		errorIf(t, e.StatusCode != 404 || e.Code != "" || e.Attempts != 2 || !strings.Contains(e.Error(), "there is no Admin Portal at https://gateway.example") || e.Hint() == "", "got %v with %+v, want a 404 after 2 attempts that names the base URL, and a hint", e, e)
	}
	seen.want(t, 2, 2)             // each call tries both
	for err, text := range texts { // what an observer keeps does not change when the call goes on
		same(t, "the text of an attempt's error", err.Error(), text)
	}

	// Once the known route has gone, a 404 of the other one is no word about an organization.
	portal, _ = scripted(t, steps{succeed, answer(404, "Cannot POST /portal_links"), answer(404, `{"message":"Not Found"}`)}, oneTry)
	generate(t, portal)
	err := fails(t, portal, 0, nil)
	errorIf(t, !strings.Contains(err.Error(), "there is no Admin Portal at"), "got %v, want that there is no Admin Portal", err)
}

// The first answer is that of an intermediary in front of a live service.
func TestIntermediariesTeachNothing(t *testing.T) {
	for name, first := range map[string]http.HandlerFunc{
		"401": answer(401, `{"error":"unauthorized","error_description":"x","code":"unauthorized"}`), "403": answer(403, `{"error":"x","error_description":"Organization not found","code":"y"}`), "302": answer(302, ""),
		"Cloudflare": answer(400, `{"error":"x","error_description":"y","code":"z","cloudflare_error":true}`), "half": answer(400, `{"error_description":"x","code":"y"}`), "OAuth": answer(400, `{"error":"x","error_description":"y"}`),
		"429": answer(429, contractNotFound), "500": answer(500, contractNotFound),
		"400": answer(400, "<h1>Bad Request</h1>"), "200": answer(200, "<h1>Sign in to the network</h1>"),
	} {
		portal, seen := scripted(t, steps{first, http.NotFound, succeedLive}, oneTry)
		errorIf(t, ask(t, portal, 0) == nil, "%s was taken for a link", name)
		generate(t, portal)
		seen.want(t, 2, 1)
	}
}

// A call that ends before its second route or second key says why.
func TestBudgetEndsWithinACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := 0
		rotating := source(func(context.Context) (string, error) { keys++; return fmt.Sprint("sk_", keys), nil })
		for _, first := range []http.HandlerFunc{answer(404, ""), answer(401, "")} {
			portal, _ := scripted(t, steps{with(first, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "60")}, rotating)
			same(t, "Attempts", fails(t, portal, time.Second, client.ErrRateLimited).Attempts, 1)
		}
		same(t, "questions to the key source", keys, 3)
	})
}

// A call goes by what another one has learned meanwhile.
func TestOvertakenCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		older := answer(404, `{"message":"Not Found"}`) // the live service's words for an organization
		portal, seen := scripted(t, steps{slow(time.Second, answer(404, "")), succeedLive, older}, oneTry)
		time.AfterFunc(time.Second/2, func() {
			_, _ = portal.GeneratePortalLink(t.Context(), client.PortalLinkRequest{Organization: "org_x", Intent: client.IntentDomainVerification})
		})
		fails(t, portal, 0, client.ErrOrganizationNotFound)
		fails(t, portal, 0, client.ErrOrganizationNotFound)
		seen.want(t, 1, 3)
	})
}

// Failures are retried on the route that is being tried. The second route does not count as an attempt.
func TestSecondRouteDoesNotCountAsAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		portal, seen := scripted(t, steps{status(503), http.NotFound, status(503), succeedLive}, client.WithRetry(client.RetryPolicy{MaxAttempts: 3}))
		generate(t, portal)
		seen.want(t, 2, 2)
	})
}

// One of many callers finds the dialect out for all. A service that teaches nothing does not make
// them queue.
func TestColdStart(t *testing.T) {
	for want, requests := range map[error][2]int{nil: {1, 64}, client.ErrUnauthorized: {64, 0}} {
		bubble(t, fmt.Sprint(want), func(t *testing.T) {
			var seen tally
			h := liveOnly(&seen, http.NotFound)
			if want != nil {
				h = script(&seen, status(401))
			}
			portal := inMemory(t, func(w http.ResponseWriter, r *http.Request) { time.Sleep(time.Second); h(w, r) })
			took := timed(func() {
				together(64, func() {
					err := ask(t, portal, 0)
					errorIf(t, !errors.Is(err, want), "got %v, want %v", err, want)
				})
			})
			seen.want(t, requests[0], requests[1])
			errorIf(t, took > 3*time.Second, "64 calls took %v, want the others to go together once the first has its answer", took)
		})
	}
}

// The caller who finds the dialect out may hang. That holds no other call for long, and not at all once it has an answer.
func TestWaitForAnothersAnswerIsShort(t *testing.T) {
	for within, want := range map[time.Duration]time.Duration{0: 3 * time.Second, time.Second: time.Second / 2, -time.Second: 0, time.Minute: 0} {
		bubble(t, within.String(), func(t *testing.T) {
			first := map[bool]http.HandlerFunc{false: slow(9*time.Second, succeed), true: status(503, "Retry-After", "9")}[within == time.Minute]
			portal, _ := scripted(t, steps{first, succeed})
			go func() { _ = ask(t, portal, 0) }()
			synctest.Wait()
			took := timed(func() { same(t, "an error", ask(t, portal, within) != nil, within < 0) })
			same(t, "the wait", took, want)
			time.Sleep(10 * time.Second)
		})
	}
}

func TestLiveOnlyRequestsGoToTheLiveRoute(t *testing.T) {
	req := client.PortalLinkRequest{Organization: sso.Organization, Intent: client.IntentDomainVerification}
	for body, want := range map[string]error{liveNotFound: client.ErrOrganizationNotFound, `{"message":"Not Found"}`: nil} {
		portal, seen := scripted(t, steps{succeed, answer(404, body)}, oneTry)
		generate(t, portal) // teaches the reference's dialect
		_, err := portal.GeneratePortalLink(t.Context(), req)
		wantOnly(t, err, want)
		_ = ask(t, portal, 0) // it has not unlearned that
		seen.want(t, 2, 1)
	}
}
