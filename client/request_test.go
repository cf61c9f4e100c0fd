package client_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client"
)

func TestRequestIsSentAsGiven(t *testing.T) {
	const org = "org_01EHWNCE74X7JSDV0X3SZ3KJNY"
	for _, tt := range []struct {
		name string
		req  client.PortalLinkRequest
		path string
		want map[string]any
	}{
		{"least", client.PortalLinkRequest{Organization: org, Intent: client.IntentDsync}, sheetPath,
			map[string]any{"organization": org, "intent": "dsync"}},
		{"return URL", client.PortalLinkRequest{Organization: org, Intent: client.IntentAuditLogs, ReturnURL: "https://example.com/?a=1&b=<2>#f"}, sheetPath,
			map[string]any{"organization": org, "intent": "audit_logs", "return_url": "https://example.com/?a=1&b=<2>#f"}},
		{"both URLs, loopback", client.PortalLinkRequest{Organization: org, Intent: client.IntentLogStreams, ReturnURL: "http://localhost:3000/s", SuccessURL: "http://127.0.0.1/ok"}, sheetPath,
			map[string]any{"organization": org, "intent": "log_streams", "return_url": "http://localhost:3000/s", "success_url": "http://127.0.0.1/ok"}},
		{"live intent", client.PortalLinkRequest{Organization: org, Intent: client.IntentCertificateRenewal}, livePath,
			map[string]any{"organization": org, "intent": "certificate_renewal"}},
		{"contacts", client.PortalLinkRequest{Organization: org, Intent: client.IntentSSO, ITContactEmails: []string{"it@customer.example", "o'brien+1@sub.customer.example"}}, livePath,
			map[string]any{"organization": org, "intent": "sso", "it_contact_emails": []any{"it@customer.example", "o'brien+1@sub.customer.example"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var seen tally
			portal := serve(t, func(w http.ResponseWriter, r *http.Request) { seen.note(r); sheetLink(w) })
			if _, err := portal.GeneratePortalLink(t.Context(), tt.req); err != nil {
				t.Fatal(err)
			}
			if seen.total() != 1 {
				t.Fatalf("%d requests, want 1", seen.total())
			}
			got := seen.requests()[0]
			if got.path != tt.path {
				t.Errorf("sent to %s, want %s", got.path, tt.path)
			}
			var body map[string]any
			if err := json.Unmarshal([]byte(got.body), &body); err != nil {
				t.Fatalf("body %q: %v", got.body, err)
			}
			if !reflect.DeepEqual(body, tt.want) {
				t.Errorf("body %v, want %v", body, tt.want)
			}
			for name, want := range map[string]string{
				"Authorization": "Bearer " + testKey, "Content-Type": "application/json", "Accept": "application/json",
			} {
				if values := got.header.Values(name); len(values) != 1 || values[0] != want {
					t.Errorf("%s = %q, want %q once", name, values, want)
				}
			}
			if ua := got.header.Get("User-Agent"); !strings.HasPrefix(ua, "adminportal-go/") {
				t.Errorf("User-Agent = %q, want adminportal-go/…", ua)
			}
		})
	}
}

func TestRequestsAreRefusedBeforeSending(t *testing.T) {
	change := func(f func(*client.PortalLinkRequest)) client.PortalLinkRequest {
		req := sso
		f(&req)
		return req
	}
	type refusal struct {
		name  string
		req   client.PortalLinkRequest
		field string
	}
	var refusals []refusal
	for _, org := range []string{
		"", "acme", "org", "org_", "ORG_01", " org_01", "org_01 ", "org_x/../y", "org_x\n", "org_x\r\nX: y", "org_x?y", "org_x#", "org_%2e", "org_é",
		"org_" + strings.Repeat("x", 252),
	} {
		refusals = append(refusals, refusal{"organization " + org, change(func(r *client.PortalLinkRequest) { r.Organization = org }), "organization"})
	}
	for _, intent := range []client.Intent{"", "SSO", "saml", "sso ", "sso\n", "dsync,sso"} {
		refusals = append(refusals, refusal{"intent " + string(intent), change(func(r *client.PortalLinkRequest) { r.Intent = intent }), "intent"})
	}
	for _, address := range []string{
		"settings", "/settings", "//evil.example", "?x", "https:/x", "https://", "https:///x", "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x",
		"ftp://example.com", "mailto:a@b.example", "https://user@example.com", "https://user:pw@example.com", "http://example.com", "http://localhost.evil.com",
		"http://0.0.0.0", "https://example.com\n", "https://example.com#\n", "https://example.com/#a\x7f", "https://example.com/\xbf", "https://exa mple.com", "https://example.com/a b", "\\\\evil.example", "https:\\\\evil.example", "https://a\\@b", " https://example.com", "https://'", "https://a;b.example/x", "https://<x>",
	} {
		refusals = append(refusals,
			refusal{"return URL " + address, change(func(r *client.PortalLinkRequest) { r.ReturnURL = address }), "return_url"},
			refusal{"success URL " + address, change(func(r *client.PortalLinkRequest) { r.SuccessURL = address }), "success_url"})
	}
	for _, address := range []string{
		"", "it", "it@", "@customer.example", "it@@customer.example", "it@customer..example", "it@.example", "it @customer.example", "it@customer.example\n", "IT <it@customer.example>",
		"a@b.example,c@d.example", "a@b.example;c@d.example", "a@b@c.example", "<a@b.example>", "it\xff@customer.example",
	} {
		refusals = append(refusals, refusal{"contact " + address, change(func(r *client.PortalLinkRequest) { r.ITContactEmails = []string{"it@customer.example", address} }), "it_contact_emails[1]"})
	}
	refusals = append(refusals, refusal{"21 contacts", change(func(r *client.PortalLinkRequest) {
		for range 21 {
			r.ITContactEmails = append(r.ITContactEmails, "it@customer.example")
		}
	}), "it_contact_emails"})

	var seen tally
	portal := serve(t, func(w http.ResponseWriter, r *http.Request) { seen.note(r); sheetLink(w) })
	for _, tt := range refusals {
		_, err := portal.GeneratePortalLink(t.Context(), tt.req)
		if !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("%q: got %v, want ErrInvalidRequest", tt.name, err)
			continue
		}
		e := asError(t, err)
		if e.Field != tt.field {
			t.Errorf("%q: Field = %q, want %q", tt.name, e.Field, tt.field)
		}
		if e.StatusCode != 0 || e.Attempts != 0 {
			t.Errorf("%q: StatusCode %d, Attempts %d, want 0 and 0", tt.name, e.StatusCode, e.Attempts)
		}
		if strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%q: the error has a line break", tt.name)
		}
	}
	if seen.total() != 0 {
		t.Errorf("%d requests were sent, want none", seen.total())
	}
}

func TestLiveOnlyFieldsNeedTheLiveDialect(t *testing.T) {
	var seen tally
	portal := serve(t, func(w http.ResponseWriter, r *http.Request) { seen.note(r); sheetLink(w) }, client.WithDialect(client.DialectPortalLinks))
	for _, req := range []client.PortalLinkRequest{
		{Organization: sso.Organization, Intent: client.IntentDomainVerification},
		{Organization: sso.Organization, Intent: client.IntentCertificateRenewal},
		{Organization: sso.Organization, Intent: client.IntentBringYourOwnKey},
		{Organization: sso.Organization, Intent: client.IntentSSO, ITContactEmails: []string{"it@customer.example"}},
	} {
		_, err := portal.GeneratePortalLink(t.Context(), req)
		if !errors.Is(err, client.ErrInvalidRequest) || !strings.Contains(err.Error(), "DialectPortalLinks") {
			t.Errorf("%v: got %v, want ErrInvalidRequest that names DialectPortalLinks", req, err)
		}
	}
	if seen.total() != 0 {
		t.Errorf("%d requests were sent, want none", seen.total())
	}
}
