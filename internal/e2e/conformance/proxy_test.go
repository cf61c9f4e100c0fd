package conformance

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

// Between client and sandbox, Prism answers in their place what is against the
// document: 422 for a request, 500 for a response. So an exchange that comes through
// as it was meant is in order on both sides, whatever the sandbox answers.
func TestPrismBetweenClientAndSandbox(t *testing.T) {
	t.Parallel() // with what else starts Node
	srv := portaltest.NewServer(t, portaltest.WithRateLimit(1000))
	url := proxy(t, srv.URL)
	dialed := func(t *testing.T, key string, l *line, op operation) *client.Client {
		return dialTo(t, url, l, client.WithDialect(op.dialect), client.WithAPIKeySource(keyOf(key)))
	}
	for _, op := range operations(t) {
		for _, a := range op.answers(t) {
			status := a.status
			t.Run(fmt.Sprintf("%s/%d/%s", op.id, status, a.example), func(t *testing.T) {
				srv.ClearFaults()
				fault := portaltest.Fault{Operation: op.id, Status: status}
				if status == 429 {
					fault.RetryAfter = time.Second
				}
				srv.Fail(fault)
				l := new(line)
				r := op.callFor(t, dialed(t, srv.APIKey, l, op), srv.Organization)
				wantFromSandbox(t, l, status)
				if a.ok() != (r.err == nil) {
					t.Errorf("%d became %v", status, r.err)
				}
				if !a.ok() {
					wantOnly(t, r.err, a.sentinel())
				}
				if left := srv.PendingFaults(); len(left) != 0 {
					t.Errorf("the request did not reach the sandbox: %v", left)
				}
			})
		}
		if op.secured {
			t.Run(op.id+"/wrong key", func(t *testing.T) {
				l := new(line)
				r := op.callFor(t, dialed(t, "sk_test_wrong", l, op), srv.Organization)
				wantFromSandbox(t, l, 401)
				wantOnly(t, r.err, client.ErrUnauthorized)
			})
		}
		if !op.links {
			continue
		}
		t.Run(op.id+"/unknown organization", func(t *testing.T) {
			l := new(line)
			r := op.callFor(t, dialed(t, srv.APIKey, l, op), "org_unknown")
			wantFromSandbox(t, l, 404)
			wantOnly(t, r.err, client.ErrOrganizationNotFound)
		})
		for _, intent := range op.intents() {
			t.Run(op.id+"/"+string(intent), func(t *testing.T) {
				l := new(line)
				req := client.PortalLinkRequest{
					Organization: srv.Organization, Intent: intent,
					ReturnURL: "https://example.com/settings", SuccessURL: "https://example.com/done",
				}
				switch {
				case op.dialect != client.DialectGenerateLink:
				case intent == client.IntentSSO:
					req.IntentOptions.ProviderType = client.ProviderTypeGoogleSAML
					req.ITContactEmails = []string{"it@customer.example"}
				case intent == client.IntentDomainVerification:
					req.IntentOptions.DomainName = "customer.example"
				}
				link, err := dialed(t, srv.APIKey, l, op).GeneratePortalLink(t.Context(), req)
				if err != nil || link.Expired() {
					t.Errorf("%v, %v, want a link with life", link, err)
				}
			})
		}
	}
}

// callFor calls the operation for an organization.
func (op operation) callFor(t *testing.T, portal *client.Client, organization string) (r result) {
	t.Helper()
	if !op.links {
		return op.call(t.Context(), portal)
	}
	req := sso
	req.Organization = organization
	r.link, r.err = portal.GeneratePortalLink(t.Context(), req)
	return r
}

// wantFromSandbox checks that the answer is the sandbox's, of that status, and not
// Prism's own, whose every word is about itself.
func wantFromSandbox(t *testing.T, l *line, status int) {
	t.Helper()
	all := l.requests()
	if len(all) != 1 || all[0].status != status || strings.Contains(all[0].answer, "stoplight.io/prism") {
		t.Fatalf("%d exchanges, of which the first ended with %d %s; want one, with the sandbox's %d", len(all), all[0].status, all[0].answer, status)
	}
}
