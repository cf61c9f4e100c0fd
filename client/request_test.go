package client_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client"
)

func TestRequestIsSentAsGiven(t *testing.T) {
	const org = "org_01EHWNCE74X7JSDV0X3SZ3KJNY"
	for _, tt := range []struct {
		req  client.PortalLinkRequest
		path string
		want map[string]any
	}{
		{client.PortalLinkRequest{Organization: org, Intent: client.IntentDsync}, referencePath, map[string]any{"organization": org, "intent": "dsync"}},
		{client.PortalLinkRequest{Organization: org, Intent: client.IntentAuditLogs, ReturnURL: "https://example.com/?a=1&b=<2>#f"}, referencePath,
			map[string]any{"organization": org, "intent": "audit_logs", "return_url": "https://example.com/?a=1&b=<2>#f"}},
		{client.PortalLinkRequest{Organization: org, Intent: client.IntentLogStreams, ReturnURL: "http://localhost:3000/s", SuccessURL: "http://127.0.0.1/ok"}, referencePath,
			map[string]any{"organization": org, "intent": "log_streams", "return_url": "http://localhost:3000/s", "success_url": "http://127.0.0.1/ok"}},
		{client.PortalLinkRequest{Organization: org, Intent: client.IntentCertificateRenewal}, livePath, map[string]any{"organization": org, "intent": "certificate_renewal"}},
		{client.PortalLinkRequest{Organization: org, Intent: client.IntentSSO, ITContactEmails: []string{"it@customer.example", "o'brien+1@sub.customer.example"}}, livePath,
			map[string]any{"organization": org, "intent": "sso", "it_contact_emails": []any{"it@customer.example", "o'brien+1@sub.customer.example"}}},
	} {
		var seen tally
		portal := serve(t, script(&seen, succeed))
		if _, err := portal.GeneratePortalLink(t.Context(), tt.req); err != nil || seen.total() != 1 {
			t.Fatalf("%v: %v after %d requests", tt.req, err, seen.total())
		}
		got := seen.requests()[0]
		var body map[string]any
		err := json.Unmarshal([]byte(got.body), &body)
		errorIf(t, err != nil || got.path != tt.path || !reflect.DeepEqual(body, tt.want), "sent %s to %s (%v), want %v to %s", got.body, got.path, err, tt.want, tt.path)
		for name, want := range map[string]string{"Authorization": "Bearer " + testKey, "Content-Type": "application/json", "Accept": "application/json"} {
			same(t, name, strings.Join(got.header.Values(name), " and "), want)
		}
		errorIf(t, !strings.HasPrefix(got.header.Get("User-Agent"), "adminportal-go/"), "User-Agent = %q, want adminportal-go/…", got.header.Get("User-Agent"))
	}
}

func TestRequestsAreRefusedBeforeSending(t *testing.T) {
	portal, seen := scripted(t, steps{succeed})
	refused := func(portal *client.Client, field, value string, change func(*client.PortalLinkRequest)) {
		req := sso
		change(&req)
		_, err := portal.GeneratePortalLink(t.Context(), req)
		e := wantOnly(t, err, client.ErrInvalidRequest)
		errorIf(t, e.Field != field || e.StatusCode != 0 || e.Attempts != 0 || strings.ContainsAny(err.Error(), "\r\n"), "%s %q: %v with %+v, want a refusal of %[1]s in one line, before any attempt", field, value, err, e)
	}
	for _, org := range []string{
		"", "acme", "org", "org_", "ORG_01", " org_01", "org_01 ", "org_x/../y", "org_x\n", "org_x\r\nX: y", "org_x?y", "org_x#", "org_%2e", "org_é", "org_" + strings.Repeat("x", 252),
	} {
		refused(portal, "organization", org, func(r *client.PortalLinkRequest) { r.Organization = org })
	}
	for _, intent := range []client.Intent{"", "SSO", "saml", "sso ", "sso\n", "dsync,sso"} {
		refused(portal, "intent", string(intent), func(r *client.PortalLinkRequest) { r.Intent = intent })
	}
	for _, address := range []string{
		"settings", "/settings", "//evil.example", "?x", "https:/x", "https://", "https:///x", "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x",
		"ftp://example.com", "mailto:a@b.example", "https://user@example.com", "https://user:pw@example.com", "http://example.com", "http://localhost.evil.com",
		"http://0.0.0.0", "https://example.com\n", "https://example.com#\n", "https://example.com/#a\x7f", "https://example.com/\xbf", "https://exa mple.com", "https://example.com/a b", "\\\\evil.example", "https:\\\\evil.example", "https://a\\@b", " https://example.com", "https://'", "https://a;b.example/x", "https://<x>",
	} {
		refused(portal, "return_url", address, func(r *client.PortalLinkRequest) { r.ReturnURL = address })
		refused(portal, "success_url", address, func(r *client.PortalLinkRequest) { r.SuccessURL = address })
	}
	for _, address := range []string{
		"", "it", "it@", "@customer.example", "it@@customer.example", "it@customer..example", "it@.example", "it @customer.example", "it@customer.example\n", "IT <it@customer.example>",
		"a@b.example,c@d.example", "a@b.example;c@d.example", "a@b@c.example", "<a@b.example>", "it\xff@customer.example", strings.Repeat("x", 254) + "@b.example",
	} {
		refused(portal, "it_contact_emails[1]", address, func(r *client.PortalLinkRequest) { r.ITContactEmails = []string{"it@customer.example", address} })
	}
	refused(portal, "it_contact_emails", "21", func(r *client.PortalLinkRequest) {
		for range 21 {
			r.ITContactEmails = append(r.ITContactEmails, "it@customer.example")
		}
	})

	// What only the live dialect has needs it.
	pinned := inMemory(t, script(seen, succeed), reference)
	for _, intent := range []client.Intent{client.IntentDomainVerification, client.IntentCertificateRenewal, client.IntentBringYourOwnKey} {
		refused(pinned, "intent", string(intent), func(r *client.PortalLinkRequest) { r.Intent = intent })
	}
	refused(pinned, "it_contact_emails", "", func(r *client.PortalLinkRequest) { r.ITContactEmails = []string{"it@customer.example"} })
	errorIf(t, seen.total() != 0, "%d requests were sent, want none", seen.total())

	// As much as is allowed, and one byte more.
	req := sso
	req.Organization = "org_" + strings.Repeat("x", 251)
	req.ITContactEmails = slices.Repeat([]string{strings.Repeat("x", 244) + "@b.example"}, 20)
	same(t, "Validate() of 20 addresses of 254 bytes", req.Validate(), nil)
	req.ITContactEmails[0] = "x" + req.ITContactEmails[0]
	wantOnly(t, req.Validate(), client.ErrInvalidRequest)
}
