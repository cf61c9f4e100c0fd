package portalhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// A click against the real client and a portal that fails.
func TestEveryFailure(t *testing.T) {
	type want struct {
		status     int
		code       string
		level      string
		retryAfter string // header; empty: none
		title      string
		says       string // in the message
		log        string // in the line, for the operator
	}
	var (
		internal = want{status: 500, code: "internal", level: "ERROR", title: "The portal cannot be opened", says: "on our side"}
		down     = want{status: 502, code: "unavailable", level: "WARN", title: "The admin portal does not answer", says: "try again in a minute"}
	)
	withLog := func(w want, log string) want { w.log = log; return w }
	for _, c := range []struct {
		name  string
		fault portaltest.Fault
		opts  []client.Option
		req   client.PortalLinkRequest // replaces fields that are set
		want  want
	}{
		{name: "400", fault: portaltest.Fault{Status: 400}, want: withLog(internal, "hint")},
		{name: "422", fault: portaltest.Fault{Status: 422}, want: withLog(internal, "hint")},
		{name: "401", fault: portaltest.Fault{Status: 401}, want: withLog(internal, "permissions in the WorkOS Dashboard")},
		{name: "401 that asks to come back", fault: portaltest.Fault{Status: 401, RetryAfter: 30 * time.Second}, want: internal},
		{name: "403", fault: portaltest.Fault{Status: 403}, want: withLog(internal, "permissions in the WorkOS Dashboard")},
		{name: "302", fault: portaltest.Fault{Status: 302, Header: http.Header{"Location": {"https://elsewhere.example/"}}}, want: withLog(internal, "no redirect is followed")},
		{name: "418", fault: portaltest.Fault{Status: 418}, want: internal},
		{name: "no such route", fault: portaltest.Fault{Status: 404, Body: []byte("not here")}, want: withLog(internal, "check the base URL")},
		{name: "refused by the client", req: client.PortalLinkRequest{Intent: "sing"}, want: withLog(internal, "intent: must be one of")},
		{
			name: "API key source", want: withLog(internal, "vault is sealed"),
			opts: []client.Option{client.WithAPIKeySource(func(context.Context) (string, error) { return "", errors.New("vault is sealed") })},
		},
		{
			name: "unknown organization", req: client.PortalLinkRequest{Organization: "org_DELETED"},
			want: want{status: 500, code: "organization_not_found", level: "ERROR", title: "Your organization is not connected yet", says: "tell our support", log: "confirm that the organization exists"},
		},
		{
			name: "429 that says how long", fault: portaltest.Fault{Status: 429, RetryAfter: 42 * time.Second},
			want: want{status: 503, code: "rate_limited", level: "WARN", retryAfter: "42", title: "Many people are here right now", says: "try again in 42 seconds"},
		},
		{
			name: "429 that says nothing", fault: portaltest.Fault{Status: 429},
			want: want{status: 503, code: "rate_limited", level: "WARN", retryAfter: "60", title: "Many people are here right now", says: "try again in a minute"},
		},
		{
			name: "429 for long", fault: portaltest.Fault{Status: 429, RetryAfter: 10 * time.Minute},
			want: want{status: 503, code: "rate_limited", level: "WARN", retryAfter: "600", title: "Many people are here right now", says: "try again in 10 minutes"},
		},
		{
			name: "limiter", opts: []client.Option{client.WithLimiter(refusing{})},
			want: want{status: 503, code: "rate_limited", level: "WARN", retryAfter: "60", title: "Many people are here right now", says: "try again in a minute", log: "the fleet is out of tokens"},
		},
		{name: "500", fault: portaltest.Fault{Status: 500}, want: withLog(down, "hint")},
		{name: "502", fault: portaltest.Fault{Status: 502, Body: []byte("<html>bad gateway")}, want: down},
		{name: "503", fault: portaltest.Fault{Status: 503}, want: down},
		{
			name: "503 that says how long", fault: portaltest.Fault{Status: 503, RetryAfter: 30 * time.Second},
			want: want{status: 503, code: "unavailable", level: "WARN", retryAfter: "30", title: "The admin portal does not answer", says: "try again in 30 seconds"},
		},
		{name: "cut connection", fault: portaltest.Fault{Cut: portaltest.BeforeAnswer}, want: withLog(down, "check the network")},
		{
			name: "200 without a link", fault: portaltest.Fault{Status: 200, Body: []byte(`{"object":"portal_link"}`)},
			want: want{status: 502, code: "unavailable", level: "ERROR", title: "The admin portal does not answer", says: "try again in a minute", log: "no proxy answers in its place"},
		},
		{
			name: "an attempt that takes too long", fault: portaltest.Fault{Stall: portaltest.BeforeAnswer},
			opts: []client.Option{client.WithRetry(client.RetryPolicy{MaxAttempts: 1, AttemptTimeout: 50 * time.Millisecond})},
			want: want{status: 504, code: "timeout", level: "WARN", title: "The admin portal takes too long", says: "try again in a minute"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			srv := portaltest.NewServer(t)
			if c.fault.Status != 0 || c.fault.Cut != 0 || c.fault.Stall != 0 {
				c.fault.Times = -1
				srv.Fail(c.fault)
			}
			portal, err := client.New(srv.APIKey, append([]client.Option{
				client.WithBaseURL(srv.URL),
				client.WithHTTPClient(newHTTPClient(t)),
				client.WithRetry(client.RetryPolicy{MaxAttempts: 1}),
			}, c.opts...)...)
			if err != nil {
				t.Fatal(err)
			}
			app, log := serve(t, portal, func(*http.Request) (client.PortalLinkRequest, error) {
				req := client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO, ReturnURL: settingsPage}
				if c.req.Organization != "" {
					req.Organization = c.req.Organization
				}
				if c.req.Intent != "" {
					req.Intent = c.req.Intent
				}
				return req, nil
			})

			got := click(t, app)
			if got.StatusCode != c.want.status || got.Header.Get("Retry-After") != c.want.retryAfter {
				t.Errorf("answer = %d, Retry-After %q, want %d, %q", got.StatusCode, got.Header.Get("Retry-After"), c.want.status, c.want.retryAfter)
			}
			for _, part := range []string{"<h1>" + c.want.title + "</h1>", c.want.says, `href="` + settingsPage + `"`} {
				if !strings.Contains(got.body, part) {
					t.Errorf("page lacks %q:\n%s", part, got.body)
				}
			}
			wantNoInternals(t, got.body, srv.URL)
			text := log.take()
			if !strings.Contains(text, c.want.log) || strings.Contains(text, srv.APIKey) {
				t.Errorf("log = %s, want %q in it, and not the API key", text, c.want.log)
			}
			var line map[string]any
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Fatalf("log = %q, want one line (%v)", text, err)
			}
			if line["level"] != c.want.level || line["code"] != c.want.code || line["status"] != float64(c.want.status) || line["error"] == nil {
				t.Errorf("log line = %v, want level %s, code %s, status %d and the error", line, c.want.level, c.want.code, c.want.status)
			}
			if id, _ := line["request_id"].(string); c.fault.Status >= 400 && id == "" {
				t.Errorf("log line = %v, want the request ID", line)
			}
			if ref, _ := line["reference"].(string); (c.want.status == 500) != (ref != "") || !strings.Contains(got.body, ref) {
				t.Errorf("reference = %q, want one with 500, on the page too:\n%s", ref, got.body)
			}

			got = clickJSON(t, app)
			f := failureOf(t, got)
			if got.StatusCode != c.want.status || f.Code != c.want.code || !strings.Contains(f.Message, c.want.says) || f.ReturnURL != settingsPage {
				t.Errorf("JSON = %d %+v, want %d %s that says %q", got.StatusCode, f, c.want.status, c.want.code, c.want.says)
			}
			if (f.RetryAfter > 0) != (c.want.retryAfter != "") {
				t.Errorf("retry_after = %d, want %q", f.RetryAfter, c.want.retryAfter)
			}
			wantNoInternals(t, got.body, srv.URL)
		})
	}
}

func wantNoInternals(t testing.TB, body, server string) {
	t.Helper()
	for _, word := range []string{"WorkOS", "adminportal:", "organization org_", "org_", "sk_", "request req_", "API key", "vault", server} {
		if strings.Contains(body, word) {
			t.Errorf("a person is told of %q:\n%s", word, body)
		}
	}
}

type refusing struct{}

func (refusing) Wait(context.Context) error { return errors.New("the fleet is out of tokens") }

// newHTTPClient keeps connections that end with the test.
func newHTTPClient(t testing.TB) *http.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestWaitsAreRoundedUpAndInWords(t *testing.T) {
	for _, c := range []struct {
		wait   time.Duration
		header string
		says   string
	}{
		{1, "1", "in 1 second."},
		{time.Second, "1", "in 1 second."},
		{time.Second + 1, "2", "in 2 seconds."},
		{11*time.Second + 999*time.Millisecond, "12", "in 12 seconds."},
		{90 * time.Second, "90", "in 90 seconds."},
		{91 * time.Second, "91", "in 2 minutes."},
		{90 * time.Minute, "5400", "in 90 minutes."},
		{90*time.Minute + 1, "5401", "in 2 hours."},
		{26 * time.Hour, "93600", "in 26 hours."},
		{0, "60", "in a minute."},
		{-time.Second, "60", "in a minute."},
	} {
		srv, _ := serve(t, answering(nil, &client.Error{StatusCode: 429, RetryAfter: c.wait}), admin)
		got := clickJSON(t, srv)
		if header := got.Header.Get("Retry-After"); header != c.header || !strings.HasSuffix(failureOf(t, got).Message, c.says) {
			t.Errorf("%v: Retry-After = %q, message %q, want %q, %q", c.wait, header, failureOf(t, got).Message, c.header, c.says)
		}
	}
}

// What the function says, and what a portal that is not the client says.
func TestRefusals(t *testing.T) {
	type want struct {
		status      int
		code, level string
	}
	var (
		forbidden = want{403, "forbidden", "INFO"}
		signedOut = want{401, "unauthenticated", "INFO"}
		internal  = want{500, "internal", "ERROR"}
		slow      = want{504, "timeout", "WARN"}
	)
	for _, c := range []struct {
		err           error
		byFunction    want
		byPortal      want
		sameForTheTwo bool
	}{
		{err: portalhttp.ErrForbidden, byFunction: forbidden, sameForTheTwo: true},
		{err: fmt.Errorf("no admin: %w", portalhttp.ErrForbidden), byFunction: forbidden, sameForTheTwo: true},
		{err: fmt.Errorf("session: %w", portalhttp.ErrUnauthenticated), byFunction: signedOut, sameForTheTwo: true},
		{err: errors.New("database is away"), byFunction: internal, sameForTheTwo: true},
		{err: context.Canceled, byFunction: internal, sameForTheTwo: true},
		{err: fmt.Errorf("database: %w", context.DeadlineExceeded), byFunction: slow, sameForTheTwo: true},
		{err: &net.DNSError{IsTimeout: true}, byFunction: internal, byPortal: slow},
		{err: client.ErrRateLimited, byFunction: internal, byPortal: want{503, "rate_limited", "WARN"}},
		{err: client.ErrServer, byFunction: internal, byPortal: want{502, "unavailable", "WARN"}},
		{err: client.ErrMalformedResponse, byFunction: internal, byPortal: want{502, "unavailable", "ERROR"}},
		{err: client.ErrOrganizationNotFound, byFunction: internal, byPortal: want{500, "organization_not_found", "ERROR"}},
		{err: client.ErrInvalidRequest, byFunction: internal, sameForTheTwo: true},
		{err: client.ErrUnauthorized, byFunction: internal, sameForTheTwo: true},
		{err: &client.Error{StatusCode: 429, RetryAfter: 1}, byFunction: internal, byPortal: want{503, "rate_limited", "WARN"}},
	} {
		if c.sameForTheTwo {
			c.byPortal = c.byFunction
		}
		check := func(by string, portal portalhttp.Portal, who func(*http.Request) (client.PortalLinkRequest, error), want want) {
			t.Helper()
			srv, log := serve(t, portal, who)
			got := clickJSON(t, srv)
			f, line := failureOf(t, got), log.line(t)
			if got.StatusCode != want.status || f.Code != want.code || line["level"] != want.level {
				t.Errorf("%v by the %s = %d %s, logged at %v, want %d %s, %s", c.err, by, got.StatusCode, f.Code, line["level"], want.status, want.code, want.level)
			}
			if auth := got.Header.Get("WWW-Authenticate"); (auth != "") != (want.status == 401) {
				t.Errorf("%v: WWW-Authenticate = %q with %d", c.err, auth, got.StatusCode)
			}
		}
		portal := new(fake)
		check("function", portal, func(*http.Request) (client.PortalLinkRequest, error) {
			return client.PortalLinkRequest{Organization: organization, Intent: client.IntentSSO}, c.err
		}, c.byFunction)
		if n := len(portal.requests()); n > 0 {
			t.Errorf("%v by the function: links made = %d, want none", c.err, n)
		}
		check("portal", answering(nil, c.err), admin, c.byPortal)
	}
}

// What a portal says may hold anything: no page shows it.
func TestPageHasNoInternals(t *testing.T) {
	srv, _ := serve(t, answering(nil, errors.New("dial 10.0.0.7: secret="+secret)), admin)
	for _, got := range []answer{click(t, srv), clickJSON(t, srv)} {
		if strings.Contains(got.body, secret) || strings.Contains(got.body, "10.0.0.7") {
			t.Errorf("a person is told of the cause:\n%s", got.body)
		}
	}
}

// Each reference is its own, and the log line has the one that the page shows.
func TestReferencesDiffer(t *testing.T) {
	srv, log := serve(t, answering(nil, client.ErrUnauthorized), admin)
	first := failureOf(t, clickJSON(t, srv)).Reference
	if line := log.line(t); line["reference"] != first || first == "" {
		t.Errorf("reference = %q, in the log %v, want the same", first, line["reference"])
	}
	if second := failureOf(t, clickJSON(t, srv)).Reference; second == first {
		t.Errorf("two failures have the reference %q", first)
	}
}
