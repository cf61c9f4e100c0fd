package portalhttp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portalhttp"
)

// What the function says, and what a portal of somebody's own says.
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
		check("portal", failing(c.err), admin, c.byPortal)
	}
}
