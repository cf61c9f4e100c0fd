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

// An outcome is what the person and the operator learn of a failure.
type outcome struct {
	status            int
	code, level       string
	title, retryAfter string
	says              string // in the message
}

var (
	forbidden   = outcome{403, "forbidden", "INFO", "Your account may not open this", "", "Ask one of its administrators"}
	signedOut   = outcome{401, "unauthenticated", "INFO", "You are signed out", "", "sign in"}
	internal    = outcome{500, "internal", "ERROR", "The portal cannot be opened", "", "on our side"}
	unknown     = outcome{500, "organization_not_found", "ERROR", "Your organization is not connected yet", "", "tell our support"}
	unavailable = outcome{502, "unavailable", "WARN", "The admin portal does not answer", "", "try again in a minute"}
	malformed   = outcome{502, "unavailable", "ERROR", "The admin portal does not answer", "", "try again in a minute"}
	limited     = outcome{503, "rate_limited", "WARN", "Many people are here right now", "60", "try again in a minute"}
	slow        = outcome{504, "timeout", "WARN", "The admin portal takes too long", "", "try again in a minute"}
)

// A click against the real client and a portal that fails.
func TestEveryFailure(t *testing.T) {
	page := func(status int, text string) portaltest.Fault {
		return portaltest.Fault{Status: status, Body: []byte(text), Header: http.Header{"Content-Type": {"text/html"}}}
	}
	elsewhere := http.Header{"Location": {"https://elsewhere.example/"}}
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
		{name: "400", fault: portaltest.Fault{Status: 400}, want: internal, log: "hint"},
		{name: "401", fault: portaltest.Fault{Status: 401, RetryAfter: 30 * time.Second}, want: internal, log: "permissions in the WorkOS Dashboard"},
		{name: "302", fault: portaltest.Fault{Status: 302, Header: elsewhere}, want: internal, log: "no redirect is followed"},
		{name: "418", fault: portaltest.Fault{Status: 418}, want: internal},
		{name: "no such route", fault: portaltest.Fault{Status: 404, Body: []byte("not here")}, want: internal, log: "check the base URL"},
		{name: "API key source", opt: vault, want: internal, log: "vault is sealed"},
		{name: "unknown organization", fault: portaltest.Fault{Status: 404}, want: unknown, log: "confirm that the organization exists"},
		{name: "a gateway's 400", fault: page(400, "<html>The plain HTTP request was sent to HTTPS port"), want: unavailable, log: "between"},
		{name: "a gateway's 401", fault: page(401, "<html>Authorization Required"), want: unavailable, log: "between"},
		{name: "a firewall's challenge", fault: page(403, "<!DOCTYPE html><title>Just a moment..."), want: unavailable, log: "between"},
		{name: "an ingress's 404", fault: page(404, "default backend - 404"), opt: settled, want: unavailable, log: "between"},
		{name: "429", fault: portaltest.Fault{Status: 429}, want: limited},
		{name: "limiter", opt: client.WithLimiter(refusing{}), want: limited, log: "the fleet is out of tokens"},
		{name: "500", fault: portaltest.Fault{Status: 500}, want: unavailable, log: "hint"},
		{name: "503 that says how long", fault: portaltest.Fault{Status: 503, RetryAfter: 30 * time.Second},
			want: outcome{503, "unavailable", "WARN", unavailable.title, "30", "try again in 30 seconds"}},
		{name: "cut connection", fault: portaltest.Fault{Cut: portaltest.BeforeAnswer}, want: unavailable, log: "check the network"},
		{name: "200 without a link", fault: portaltest.Fault{Status: 200, Body: []byte(`{}`)}, want: malformed, log: "no proxy answers in its place"},
		{name: "a slow attempt", fault: portaltest.Fault{Stall: portaltest.BeforeAnswer}, opt: impatient, want: slow},
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
			opts := []client.Option{client.WithBaseURL(srv.URL), client.WithHTTPClient(&http.Client{Transport: transport}),
				client.WithRetry(client.RetryPolicy{MaxAttempts: 1}), c.opt}
			portal, err := client.New(srv.APIKey, opts...)
			if err != nil {
				t.Fatal(err)
			}
			b := serve(t, portal, func(*http.Request) (client.PortalLinkRequest, error) {
				return client.PortalLinkRequest{Organization: srv.Organization, Intent: client.IntentSSO, ReturnURL: settingsPage}, nil
			})

			got := b.click(t)
			line := b.log.line(t)
			text, reference := fmt.Sprint(line), fmt.Sprint(line["reference"])
			if got.StatusCode != c.want.status || got.Header.Get("Retry-After") != c.want.retryAfter {
				t.Errorf("answer = %d, Retry-After %q, want %+v", got.StatusCode, got.Header.Get("Retry-After"), c.want)
			}
			if line["level"] != c.want.level || line["code"] != c.want.code || line["status"] != float64(c.want.status) ||
				line["error"] == nil || !strings.Contains(text, c.log) || strings.Contains(text, srv.APIKey) ||
				c.fault.Status >= 400 && line["request_id"] == nil || (c.want.status == 500) != (line["reference"] != nil) {
				t.Errorf("log line = %s, want %+v with the error, the request ID, %q, with 500 a reference, and no API key", text, c.want, c.log)
			}
			for _, part := range []string{"<h1>" + c.want.title + "</h1>", c.want.says, `href="` + settingsPage + `"`, "<code>" + reference + "</code>"} {
				if !strings.Contains(got.body, part) && (part != "<code><nil></code>") {
					t.Errorf("page lacks %q:\n%s", part, got.body)
				}
			}
			asJSON := b.click(t, "Accept", "application/json")
			f := failureOf(t, asJSON)
			if asJSON.StatusCode != c.want.status || f["code"] != c.want.code || !strings.Contains(fmt.Sprint(f["message"]), c.want.says) || f["return_url"] != settingsPage ||
				(f["retry_after"] != nil) != (c.want.retryAfter != "") || (f["reference"] != nil) != (c.want.status == 500) || f["reference"] == reference {
				t.Errorf("JSON = %d %v, want %+v, with 500 a reference of its own", asJSON.StatusCode, f, c.want)
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
	var said error
	portal := new(fake)
	byFunction := serve(t, portal, func(*http.Request) (client.PortalLinkRequest, error) { return client.PortalLinkRequest{}, said })
	byPortal := serve(t, &fake{answer: func(context.Context) (*client.PortalLink, error) { return nil, said }}, admin)
	for _, c := range []struct {
		err                      error
		whenFunction, whenPortal outcome
	}{
		{fmt.Errorf("no admin: %w", portalhttp.ErrForbidden), forbidden, forbidden},
		{fmt.Errorf("session: %w", portalhttp.ErrUnauthenticated), signedOut, signedOut},
		{errors.New("database is away: secret=hunter2"), internal, internal},
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
	} {
		said = c.err
		for b, want := range map[*button]outcome{byFunction: c.whenFunction, byPortal: c.whenPortal} {
			got := b.click(t)
			line := b.log.line(t)
			if got.StatusCode != want.status || line["code"] != want.code || line["level"] != want.level || got.Header.Get("Retry-After") != want.retryAfter {
				t.Errorf("%v by the function: %v = %d, logged %v, want %+v", c.err, b == byFunction, got.StatusCode, line, want)
			}
			if auth := got.Header.Get("WWW-Authenticate"); (auth != "") != (want.status == 401) {
				t.Errorf("%v: WWW-Authenticate = %q with %d", c.err, auth, got.StatusCode)
			}
			if !strings.Contains(got.body, want.title) || !strings.Contains(got.body, want.says) || strings.Contains(got.body, "hunter2") {
				t.Errorf("%v: page = %s, want %q and %q, and not the cause", c.err, got.body, want.title, want.says)
			}
		}
	}
	if n := len(portal.seen); n > 0 {
		t.Errorf("links made = %d where the function refused, want none", n)
	}
}

func TestWaitsAreRoundedUpAndInWords(t *testing.T) {
	for _, c := range []struct {
		wait         time.Duration
		header, says string
	}{
		{1, "1", "in 1 second."}, {time.Second + 1, "2", "in 2 seconds."},
		{90 * time.Second, "90", "in 90 seconds."}, {91 * time.Second, "91", "in 2 minutes."},
		{90 * time.Minute, "5400", "in 90 minutes."}, {90*time.Minute + 1, "5401", "in 2 hours."},
		{0, "60", "in a minute."}, {-time.Second, "60", "in a minute."},
	} {
		got := serve(t, answering(nil, &client.Error{StatusCode: 429, RetryAfter: c.wait}), admin).click(t)
		if header := got.Header.Get("Retry-After"); header != c.header || !strings.Contains(got.body, c.says) {
			t.Errorf("%v: Retry-After = %q, want %q, and %q in %s", c.wait, header, c.header, c.says, got.body)
		}
	}
}
