package portalhttp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

var (
	forbidden   = outcome{status: 403, code: "forbidden", level: "INFO", title: "Your account may not open this", says: "Ask one of its administrators"}
	signedOut   = outcome{status: 401, code: "unauthenticated", level: "INFO", title: "You are signed out", says: "sign in"}
	internal    = outcome{status: 500, code: "internal", level: "ERROR", title: "The portal cannot be opened", says: "on our side"}
	unknown     = outcome{status: 500, code: "organization_not_found", level: "ERROR", title: "Your organization is not connected yet", says: "tell our support"}
	unavailable = outcome{status: 502, code: "unavailable", level: "WARN", title: "The admin portal does not answer", says: "try again in a minute"}
	malformed   = outcome{status: 502, code: "unavailable", level: "ERROR", title: "The admin portal does not answer", says: "try again in a minute"}
	slow        = outcome{status: 504, code: "timeout", level: "WARN", title: "The admin portal takes too long", says: "try again in a minute"}
	limited     = limitedFor("60", "a minute")
)

func limitedFor(retryAfter, says string) outcome {
	return outcome{status: 503, code: "rate_limited", level: "WARN", title: "Many people are here right now",
		says: "try again in " + says + ".", retryAfter: retryAfter}
}

// A click against the real client and a portal that fails.
func TestEveryFailure(t *testing.T) {
	page := func(status int, text string) portaltest.Fault {
		return portaltest.Fault{Status: status, Body: []byte(text), Header: http.Header{"Content-Type": {"text/html"}}}
	}
	vault := client.WithAPIKeySource(func(context.Context) (string, error) { return "", errors.New("vault is sealed") })
	settled := client.WithDialect(client.DialectGenerateLink)
	impatient := client.WithRetry(client.RetryPolicy{MaxAttempts: 1, AttemptTimeout: 50 * time.Millisecond})
	for _, c := range []struct {
		name  string
		fault portaltest.Fault
		opt   client.Option // besides MaxAttempts: 1
		want  outcome
		log   string // in the operator's line
	}{
		{"400", portaltest.Fault{Status: 400}, nil, internal, `"request_id":"`},
		{"401", portaltest.Fault{Status: 401, RetryAfter: 30 * time.Second}, nil, internal, "permissions in the WorkOS Dashboard"},
		{"418", portaltest.Fault{Status: 418}, nil, internal, ""},
		{"no such route", portaltest.Fault{Status: 404, Body: []byte("not here")}, nil, internal, "check the base URL"},
		{"API key source", portaltest.Fault{Status: 200}, vault, internal, "vault is sealed"},
		{"unknown organization", portaltest.Fault{Status: 404}, nil, unknown, "confirm that the organization exists"},
		{"a gateway's 400", page(400, "<html>The plain HTTP request was sent to HTTPS port"), nil, unavailable, "between"},
		{"a gateway's 401", page(401, "<html>Authorization Required"), nil, unavailable, "between"},
		{"a firewall's challenge", page(403, "<!DOCTYPE html><title>Just a moment..."), nil, unavailable, "between"},
		{"an ingress's 404", page(404, "default backend - 404"), settled, unavailable, "between"},
		{"a gateway's 405", page(405, "<html>Not Allowed"), settled, unavailable, "between"},
		{"a firewall's 406", page(406, "<html>Not Acceptable"), nil, unavailable, "between"},
		{"408", portaltest.Fault{Status: 408}, nil, unavailable, "brief delay"},
		{"429", portaltest.Fault{Status: 429}, nil, limited, ""},
		{"500", portaltest.Fault{Status: 500}, nil, unavailable, `"hint":"`},
		{"503 that says how long", portaltest.Fault{Status: 503, RetryAfter: 30 * time.Second}, nil, outcome{status: 503, code: "unavailable",
			level: "WARN", title: unavailable.title, says: "try again in 30 seconds.", retryAfter: "30"}, ""},
		{"cut connection", portaltest.Fault{Cut: portaltest.BeforeAnswer}, nil, unavailable, "check the network"},
		{"cut answer", portaltest.Fault{Cut: portaltest.WithinBody}, nil, unavailable, "unexpected EOF"},
		{"200 without a link", portaltest.Fault{Status: 200, Body: []byte("{}")}, nil, malformed, "no proxy answers in its place"},
		{"a slow attempt", portaltest.Fault{Stall: portaltest.BeforeAnswer}, impatient, slow, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			srv := portaltest.NewServer(t, portaltest.WithExamples()) // with the organization of admin
			c.fault.Times = -1
			srv.Fail(c.fault)
			once := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // leaves no goroutine behind
			portal, err := client.New(srv.APIKey, client.WithBaseURL(srv.URL), client.WithHTTPClient(once),
				client.WithRetry(client.RetryPolicy{MaxAttempts: 1}), c.opt)
			if err != nil {
				t.Fatal(err)
			}
			c.want.log = c.log
			newButton(portal, admin).fails(t, c.name, c.want)
		})
	}
}

// What the function says, and what a portal that is not the client says. The function's way back holds for a refusal, too.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		err                  error
		byFunction, byPortal outcome
	}{
		{fmt.Errorf("no admin: %w", portalhttp.ErrForbidden), forbidden, forbidden},
		{fmt.Errorf("session: %w", portalhttp.ErrUnauthenticated), signedOut, signedOut},
		{errors.New("vault is away"), internal, internal},
		{context.Canceled, internal, internal},
		{fmt.Errorf("database: %w", context.DeadlineExceeded), slow, slow},
		{&net.DNSError{IsTimeout: true}, internal, slow},
		{client.ErrRateLimited, internal, limited},
		{client.ErrServer, internal, unavailable},
		{client.ErrMalformedResponse, internal, malformed},
		{client.ErrOrganizationNotFound, internal, unknown},
		{client.PortalLinkRequest{}.Validate(), internal, internal},
		{&client.Error{StatusCode: 401}, internal, internal},
		{&client.Error{StatusCode: 404}, internal, unknown},
		{&client.Error{StatusCode: 429, RetryAfter: 1}, internal, limitedFor("1", "1 second")},
		{&client.Error{StatusCode: 429, RetryAfter: time.Second + 1}, internal, limitedFor("2", "2 seconds")},
		{&client.Error{StatusCode: 429, RetryAfter: 90 * time.Second}, internal, limitedFor("90", "90 seconds")},
		{&client.Error{StatusCode: 429, RetryAfter: 91 * time.Second}, internal, limitedFor("91", "2 minutes")},
		{&client.Error{StatusCode: 429, RetryAfter: 90 * time.Minute}, internal, limitedFor("5400", "90 minutes")},
		{&client.Error{StatusCode: 429, RetryAfter: 90*time.Minute + 1}, internal, limitedFor("5401", "2 hours")},
		{&client.Error{StatusCode: 429, RetryAfter: -time.Second}, internal, limited},
	} {
		newButton(new(fake), func(*http.Request) (client.PortalLinkRequest, error) {
			return client.PortalLinkRequest{ReturnURL: settingsPage}, c.err
		}, portalhttp.WithReturnURL("https://example.com/home")).fails(t, fmt.Sprintf("%v by the function", c.err), c.byFunction)
		newButton(answering(nil, c.err), admin).fails(t, fmt.Sprintf("%v by the portal", c.err), c.byPortal)
	}
}

// A portal that is not the client may return anything. No browser is sent there.
func TestOddLinks(t *testing.T) {
	for name, link := range map[string]*client.PortalLink{
		"none": nil, "empty": {},
		"script":     {URL: "javascript:alert('" + secret + "')"},
		"plain http": {URL: "http://id.workos.com/?secret=" + secret},
		"header":     {URL: "https://id.workos.com/\r\nSet-Cookie: a=" + secret},
	} {
		newButton(answering(link, nil), admin).fails(t, name, malformed)
	}
}
