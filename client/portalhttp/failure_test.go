package portalhttp_test

import (
	"context"
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

// titles are what a person reads, by the failure's code.
var titles = map[string]string{
	"internal":               "The portal cannot be opened",
	"organization_not_found": "Your organization is not connected yet",
	"rate_limited":           "Many people are here right now",
	"unavailable":            "The admin portal does not answer",
	"timeout":                "The admin portal takes too long",
}

// A click against the real client and a portal that fails.
func TestEveryFailure(t *testing.T) {
	const (
		ours  = "on our side"
		later = "try again in a minute"
	)
	page := func(status int, text string) portaltest.Fault {
		return portaltest.Fault{Status: status, Body: []byte(text), Header: http.Header{"Content-Type": {"text/html"}}}
	}
	vault := client.WithAPIKeySource(func(context.Context) (string, error) { return "", errors.New("vault is sealed") })
	settled := client.WithDialect(client.DialectGenerateLink)
	impatient := client.WithRetry(client.RetryPolicy{MaxAttempts: 1, AttemptTimeout: 50 * time.Millisecond})
	for _, c := range []struct {
		name        string
		fault       portaltest.Fault
		opt         client.Option            // besides MaxAttempts: 1
		req         client.PortalLinkRequest // replaces the fields that it sets
		status      int
		code, level string
		retryAfter  string // header; empty: none
		says, log   string // in the message, and in the operator's line
	}{
		{name: "400", fault: portaltest.Fault{Status: 400}, status: 500, code: "internal", level: "ERROR", says: ours, log: "hint"},
		{name: "422", fault: portaltest.Fault{Status: 422}, status: 500, code: "internal", level: "ERROR", says: ours, log: "hint"},
		{name: "401", fault: portaltest.Fault{Status: 401}, status: 500, code: "internal", level: "ERROR", says: ours, log: "permissions in the WorkOS Dashboard"},
		{name: "401 that asks to come back", fault: portaltest.Fault{Status: 401, RetryAfter: 30 * time.Second}, status: 500, code: "internal", level: "ERROR", says: ours},
		{name: "403", fault: portaltest.Fault{Status: 403}, status: 500, code: "internal", level: "ERROR", says: ours, log: "permissions in the WorkOS Dashboard"},
		{name: "302", fault: portaltest.Fault{Status: 302, Header: http.Header{"Location": {"https://elsewhere.example/"}}}, status: 500, code: "internal", level: "ERROR", says: ours, log: "no redirect is followed"},
		{name: "418", fault: portaltest.Fault{Status: 418}, status: 500, code: "internal", level: "ERROR", says: ours},
		{name: "no such route", fault: portaltest.Fault{Status: 404, Body: []byte("not here")}, status: 500, code: "internal", level: "ERROR", says: ours, log: "check the base URL"},
		{name: "refused by the client", req: client.PortalLinkRequest{Intent: "sing"}, status: 500, code: "internal", level: "ERROR", says: ours, log: "intent: must be one of"},
		{name: "API key source", opt: vault, status: 500, code: "internal", level: "ERROR", says: ours, log: "vault is sealed"},
		{name: "unknown organization", req: client.PortalLinkRequest{Organization: "org_DELETED"}, status: 500, code: "organization_not_found", level: "ERROR", says: "tell our support", log: "confirm that the organization exists"},
		{name: "a gateway's 400", fault: page(400, "<html>The plain HTTP request was sent to HTTPS port"), status: 502, code: "unavailable", level: "WARN", says: later, log: "between"},
		{name: "a gateway's 401", fault: page(401, "<html>Authorization Required"), status: 502, code: "unavailable", level: "WARN", says: later, log: "between"},
		{name: "a firewall's challenge", fault: page(403, "<!DOCTYPE html><title>Just a moment..."), status: 502, code: "unavailable", level: "WARN", says: later, log: "between"},
		{name: "an ingress's 404", fault: page(404, "default backend - 404"), opt: settled, status: 502, code: "unavailable", level: "WARN", says: later, log: "between"},
		{name: "429 that says how long", fault: portaltest.Fault{Status: 429, RetryAfter: 42 * time.Second}, status: 503, code: "rate_limited", level: "WARN", retryAfter: "42", says: "try again in 42 seconds"},
		{name: "429 that says nothing", fault: portaltest.Fault{Status: 429}, status: 503, code: "rate_limited", level: "WARN", retryAfter: "60", says: later},
		{name: "429 for long", fault: portaltest.Fault{Status: 429, RetryAfter: 10 * time.Minute}, status: 503, code: "rate_limited", level: "WARN", retryAfter: "600", says: "try again in 10 minutes"},
		{name: "limiter", opt: client.WithLimiter(refusing{}), status: 503, code: "rate_limited", level: "WARN", retryAfter: "60", says: later, log: "the fleet is out of tokens"},
		{name: "500", fault: portaltest.Fault{Status: 500}, status: 502, code: "unavailable", level: "WARN", says: later, log: "hint"},
		{name: "502", fault: page(502, "<html>bad gateway"), status: 502, code: "unavailable", level: "WARN", says: later},
		{name: "503 that says how long", fault: portaltest.Fault{Status: 503, RetryAfter: 30 * time.Second}, status: 503, code: "unavailable", level: "WARN", retryAfter: "30", says: "try again in 30 seconds"},
		{name: "cut connection", fault: portaltest.Fault{Cut: portaltest.BeforeAnswer}, status: 502, code: "unavailable", level: "WARN", says: later, log: "check the network"},
		{name: "200 without a link", fault: portaltest.Fault{Status: 200, Body: []byte(`{"object":"portal_link"}`)}, status: 502, code: "unavailable", level: "ERROR", says: later, log: "no proxy answers in its place"},
		{name: "an attempt that takes too long", fault: portaltest.Fault{Stall: portaltest.BeforeAnswer}, opt: impatient, status: 504, code: "timeout", level: "WARN", says: later},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			srv := portaltest.NewServer(t)
			if c.fault.Status != 0 || c.fault.Cut != 0 || c.fault.Stall != 0 {
				c.fault.Times = -1
				srv.Fail(c.fault)
			}
			transport := new(http.Transport)
			t.Cleanup(transport.CloseIdleConnections)
			opts := []client.Option{client.WithBaseURL(srv.URL), client.WithHTTPClient(&http.Client{Transport: transport}), client.WithRetry(client.RetryPolicy{MaxAttempts: 1})}
			if c.opt != nil {
				opts = append(opts, c.opt)
			}
			portal, err := client.New(srv.APIKey, opts...)
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
			if got.StatusCode != c.status || got.Header.Get("Retry-After") != c.retryAfter {
				t.Errorf("answer = %d, Retry-After %q, want %d, %q", got.StatusCode, got.Header.Get("Retry-After"), c.status, c.retryAfter)
			}
			line := log.line(t)
			if line["level"] != c.level || line["code"] != c.code || line["status"] != float64(c.status) || line["error"] == nil {
				t.Errorf("log line = %v, want level %s, code %s, status %d and the error", line, c.level, c.code, c.status)
			}
			if text := fmt.Sprint(line); !strings.Contains(text, c.log) || strings.Contains(text, srv.APIKey) {
				t.Errorf("log line = %s, want %q in it, and no API key", text, c.log)
			}
			if id, _ := line["request_id"].(string); c.fault.Status >= 400 && id == "" {
				t.Errorf("log line = %v, want the request ID", line)
			}
			reference, _ := line["reference"].(string)
			if (c.status == 500) != (reference != "") {
				t.Errorf("reference = %q, want one with 500", reference)
			}
			for _, part := range []string{"<h1>" + titles[c.code] + "</h1>", c.says, `href="` + settingsPage + `"`, reference} {
				if !strings.Contains(got.body, part) {
					t.Errorf("page lacks %q:\n%s", part, got.body)
				}
			}

			asJSON := clickJSON(t, app)
			f := failureOf(t, asJSON)
			if asJSON.StatusCode != c.status || f.Code != c.code || !strings.Contains(f.Message, c.says) || f.ReturnURL != settingsPage || (f.RetryAfter > 0) != (c.retryAfter != "") {
				t.Errorf("JSON = %d %+v, want %d %s that says %q", asJSON.StatusCode, f, c.status, c.code, c.says)
			}
			for _, word := range []string{"WorkOS", "adminportal:", "org_", "sk_", "req_", "API key", "vault", srv.URL} {
				if strings.Contains(got.body+asJSON.body, word) {
					t.Errorf("a person is told of %q:\n%s\n%s", word, got.body, asJSON.body)
				}
			}
		})
	}
}

type refusing struct{}

func (refusing) Wait(context.Context) error { return errors.New("the fleet is out of tokens") }

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
		err                  error
		byFunction, byPortal want
	}{
		{portalhttp.ErrForbidden, forbidden, forbidden},
		{fmt.Errorf("no admin: %w", portalhttp.ErrForbidden), forbidden, forbidden},
		{fmt.Errorf("session: %w", portalhttp.ErrUnauthenticated), signedOut, signedOut},
		{errors.New("database is away: secret=" + secret), internal, internal},
		{context.Canceled, internal, internal},
		{fmt.Errorf("database: %w", context.DeadlineExceeded), slow, slow},
		{&net.DNSError{IsTimeout: true}, internal, slow},
		{client.ErrRateLimited, internal, want{503, "rate_limited", "WARN"}},
		{client.ErrServer, internal, want{502, "unavailable", "WARN"}},
		{client.ErrMalformedResponse, internal, want{502, "unavailable", "ERROR"}},
		{client.ErrOrganizationNotFound, internal, want{500, "organization_not_found", "ERROR"}},
		{client.ErrInvalidRequest, internal, internal},
		{client.ErrUnauthorized, internal, internal},
		{&client.Error{StatusCode: 429, RetryAfter: 1}, internal, want{503, "rate_limited", "WARN"}},
		{&client.Error{StatusCode: 401}, internal, internal},
		{&client.Error{StatusCode: 404}, internal, want{500, "organization_not_found", "ERROR"}},
	} {
		check := func(by string, portal portalhttp.Portal, who func(*http.Request) (client.PortalLinkRequest, error), want want) {
			t.Helper()
			log := new(journal)
			rec, req := newClick()
			portalhttp.NewHandler(portal, who, portalhttp.WithLogger(log.logger())).ServeHTTP(rec, req)
			text := log.take()
			if rec.Code != want.status || !strings.Contains(text, `"code":"`+want.code+`"`) || !strings.Contains(text, `"level":"`+want.level+`"`) {
				t.Errorf("%v by the %s = %d, logged %s, want %d %s, %s", c.err, by, rec.Code, text, want.status, want.code, want.level)
			}
			if auth := rec.Header().Get("WWW-Authenticate"); (auth != "") != (want.status == 401) {
				t.Errorf("%v: WWW-Authenticate = %q with %d", c.err, auth, rec.Code)
			}
			if strings.Contains(rec.Body.String(), secret) {
				t.Errorf("a person is told of the cause:\n%s", rec.Body)
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

func TestWaitsAreRoundedUpAndInWords(t *testing.T) {
	for _, c := range []struct {
		wait         time.Duration
		header, says string
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
		rec, req := newClick()
		portalhttp.NewHandler(answering(nil, &client.Error{StatusCode: 429, RetryAfter: c.wait}), admin, portalhttp.WithLogger(nil)).ServeHTTP(rec, req)
		if header := rec.Header().Get("Retry-After"); header != c.header || !strings.Contains(rec.Body.String(), c.says) {
			t.Errorf("%v: Retry-After = %q, want %q, and %q in %s", c.wait, header, c.header, c.says, rec.Body)
		}
	}
}

// Each reference is its own.
func TestReferencesDiffer(t *testing.T) {
	srv, _ := serve(t, answering(nil, client.ErrUnauthorized), admin)
	if first, second := failureOf(t, clickJSON(t, srv)).Reference, failureOf(t, clickJSON(t, srv)).Reference; first == second {
		t.Errorf("two failures have the reference %q", first)
	}
}
