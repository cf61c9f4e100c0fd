package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client"
	"github.com/adminportal-go/adminportal/client/portaltest"
)

const organization = "org_01EHWNCE74X7JSDV0X3SZ3KJNY" // the document's

type fields = map[string]any

// request is what a caller of the client writes for a body of the document. A field that the client
// does not have is an error of the client.
func request(t *testing.T, body any) client.PortalLinkRequest {
	t.Helper()
	var r struct {
		Organization    string        `json:"organization"`
		Intent          client.Intent `json:"intent"`
		ReturnURL       string        `json:"return_url"`
		SuccessURL      string        `json:"success_url"`
		ITContactEmails []string      `json:"it_contact_emails"`
	}
	data, _ := json.Marshal(body)
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("the client has no word for %s: %v", data, err)
	}
	return client.PortalLinkRequest(r)
}

// Every example of a request and every intent goes out as the document has it, and Prism and the
// sandbox take it. So do requests at the edge of what the document allows.
func TestEveryRequest(t *testing.T) {
	longest := "org_" + strings.Repeat("0", 251)
	for _, id := range []string{organization, longest, "org_-_"} {
		portal.PutOrganization(portaltest.Organization{ID: id, Name: "Acme"})
	}
	all := operations(t)
	for _, id := range []string{"generatePortalLink", "generateLink"} {
		for name, body := range all[id].requests(t) {
			t.Run(id+"/"+name, func(t *testing.T) { wantTaken(t, all[id], body) })
		}
	}
	for name, with := range map[string]fields{
		"the longest organization": {"organization": longest},
		"an organization with - _": {"organization": "org_-_"},
		"loopback, to develop":     {"return_url": "http://localhost:8080/settings", "success_url": "http://[::1]/"},
		"a query and a fragment":   {"return_url": "https://example.com/settings?tab=sso#idp"},
		"twenty contacts":          {"it_contact_emails": slices.Repeat([]any{"it@customer.example"}, 20)},
		"a contact with a tag":     {"it_contact_emails": []any{"it+portal@sub.customer.example"}},
	} {
		t.Run(name, func(t *testing.T) { wantTaken(t, all["generateLink"], body(with)) })
	}
}

// body is that of a request with other fields.
func body(with fields) fields {
	all := fields{"organization": organization, "intent": "sso"}
	maps.Copy(all, with)
	return all
}

// wantTaken checks that a request arrives as it is written, and gets a link.
func wantTaken(t *testing.T, op operation, body any) {
	t.Helper()
	l := new(line)
	if _, err := dial(t, op, l).GeneratePortalLink(t.Context(), request(t, body)); err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal([]byte(l.all[0].body), &got); err != nil || !reflect.DeepEqual(got, body) {
		t.Errorf("sent %s, want %v", l.all[0].body, body)
	}
}

// The client refuses what the document forbids before anything is sent, and names the
// field. Sent by another client, Prism refuses it too.
func TestRefusedByAll(t *testing.T) {
	for _, tt := range []struct {
		name, field string
		with        fields
		alone       bool // the client is stricter than a schema can be
	}{
		{"no organization", "organization", fields{"organization": ""}, false},
		{"an organization of another kind", "organization", fields{"organization": "user_01EHWNCE74X7JSDV0X3SZ3KJNY"}, false},
		{"an organization with a space", "organization", fields{"organization": "org_1 "}, false},
		{"an organization that is too long", "organization", fields{"organization": "org_" + strings.Repeat("0", 252)}, false},
		{"no intent", "intent", fields{"intent": ""}, false},
		{"an unknown intent", "intent", fields{"intent": "saml"}, false},
		{"an intent in capitals", "intent", fields{"intent": "SSO"}, false},
		{"a relative return URL", "return_url", fields{"return_url": "settings"}, false},
		{"a success URL without a scheme", "success_url", fields{"success_url": "example.com/done"}, false},
		{"a return URL without TLS", "return_url", fields{"return_url": "http://example.com/settings"}, true},
		{"a return URL with a password", "return_url", fields{"return_url": "https://a:b@example.com/"}, true},
		{"a contact that is no address", "it_contact_emails[1]", fields{"it_contact_emails": []any{"it@customer.example", "it"}}, false},
		{"too many contacts", "it_contact_emails", fields{"it_contact_emails": slices.Repeat([]any{"it@customer.example"}, 21)}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			op := operations(t)["generateLink"] // it has all fields
			body, l := body(tt.with), new(line)
			c := dial(t, op, l)
			_, err := c.GeneratePortalLink(t.Context(), request(t, body))
			wantOnly(t, err, client.ErrInvalidRequest)
			e := new(client.Error)
			if len(l.all) != 0 || !errors.As(err, &e) || e.Field != tt.field {
				t.Errorf("error = %v of the field %q after %d requests, want a refusal of %s before the first", err, e.Field, len(l.all), tt.field)
			}

			l.alter = func(r *http.Request) {
				data, _ := json.Marshal(body)
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
			}
			err = op.call(t, c, organization)
			if byPrism := fromPrism(l.all[0]); byPrism == tt.alone {
				t.Errorf("refused by Prism: %v, want %v (%v)", byPrism, !tt.alone, err)
			}
			if !tt.alone && (!errors.As(err, &e) || e.StatusCode != 422 || e.Attempts != 1 || !errors.Is(err, client.ErrInvalidRequest)) {
				t.Errorf("error = %v, want the 422 of Prism, once", err)
			}
		})
	}
}
