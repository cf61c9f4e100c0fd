package conformance

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client"
)

// says fills in a request from the document's, by the path of each field. A field of
// the document that is not here is one that the client cannot say.
var says = map[string]func(*client.PortalLinkRequest, any) bool{
	"organization":      setter(func(r *client.PortalLinkRequest, s string) { r.Organization = s }),
	"intent":            setter(func(r *client.PortalLinkRequest, s string) { r.Intent = client.Intent(s) }),
	"return_url":        setter(func(r *client.PortalLinkRequest, s string) { r.ReturnURL = s }),
	"success_url":       setter(func(r *client.PortalLinkRequest, s string) { r.SuccessURL = s }),
	"it_contact_emails": setContacts,
	"intent_options.domain_verification.domain_name": setter(func(r *client.PortalLinkRequest, s string) { r.IntentOptions.DomainName = s }),
	"intent_options.sso.provider_type":               setter(func(r *client.PortalLinkRequest, s string) { r.IntentOptions.ProviderType = s }),
	"intent_options.sso.bookmark_slug":               setter(func(r *client.PortalLinkRequest, s string) { r.IntentOptions.BookmarkSlug = s }),
}

func setter(set func(*client.PortalLinkRequest, string)) func(*client.PortalLinkRequest, any) bool {
	return func(r *client.PortalLinkRequest, v any) bool {
		s, ok := v.(string)
		if ok {
			set(r, s)
		}
		return ok
	}
}

func setContacts(r *client.PortalLinkRequest, v any) bool {
	list, ok := v.([]any)
	for _, entry := range list {
		s, isText := entry.(string)
		r.ITContactEmails, ok = append(r.ITContactEmails, s), ok && isText
	}
	return ok
}

// request is how the client says what is in the document's words.
func request(t *testing.T, words any) (r client.PortalLinkRequest) {
	t.Helper()
	var fill func(path string, v any)
	fill = func(path string, v any) {
		if set, ok := says[path]; ok {
			if !set(&r, v) {
				t.Errorf("%s is of a type that the client cannot say", path)
			}
			return
		}
		object, ok := v.(map[string]any)
		if !ok {
			t.Errorf("the client has no word for %s: add it to says, and to the client", path)
			return
		}
		for name, v := range object {
			fill(strings.TrimPrefix(path+"."+name, "."), v)
		}
	}
	fill("", words)
	return r
}

// Every request of the document can be said with the client, to the letter, and Prism
// takes it.
func TestEveryRequestOfTheDocument(t *testing.T) {
	tried := 0
	for _, op := range operations(t) {
		if !op.links {
			continue
		}
		examples := op.spec.RequestBody.Value.Content["application/json"].Examples
		for _, name := range slices.Sorted(maps.Keys(examples)) {
			tried++
			t.Run(op.id+"/"+name, func(t *testing.T) {
				want := plain(t, examples[name].Value.Value)
				l := new(line)
				if _, err := dial(t, l, client.WithDialect(op.dialect)).GeneratePortalLink(t.Context(), request(t, want)); err != nil {
					t.Fatal(err)
				}
				wantBody(t, l, op, want)
			})
		}
	}
	if tried == 0 {
		t.Error("the document has no requests")
	}
}

// Every intent, and every value of every other list, is one that Prism takes.
func TestEveryIntentOfTheDocument(t *testing.T) {
	for _, op := range operations(t) {
		if !op.links {
			continue
		}
		for _, intent := range op.intents() {
			t.Run(op.id+"/"+string(intent), func(t *testing.T) {
				l := new(line)
				req := sso
				req.Intent = intent
				if _, err := dial(t, l, client.WithDialect(op.dialect)).GeneratePortalLink(t.Context(), req); err != nil {
					t.Fatal(err)
				}
				wantBody(t, l, op, map[string]any{"organization": req.Organization, "intent": string(intent), "return_url": req.ReturnURL})
			})
		}
	}
}

func wantBody(t *testing.T, l *line, op operation, want any) {
	t.Helper()
	all := l.requests()
	if len(all) != 1 || all[0].method != http.MethodPost || all[0].path != op.path {
		t.Fatalf("sent %s, want one POST to %s", l.paths(), op.path)
	}
	var got any
	if err := json.Unmarshal([]byte(all[0].body), &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("sent %s, want %v", all[0].body, want)
	}
}

// What the document forbids the client refuses without sending anything, naming the
// field; and sent all the same, Prism refuses it too, which the client then says just
// as well. So the two are of one mind about the document.
func TestRefusedOnBothSides(t *testing.T) {
	type fields = map[string]any
	for _, tt := range []struct {
		name, field string
		with        fields
		alone       bool // the client is stricter than the document can say
	}{
		{"no organization", "organization", fields{"organization": ""}, false},
		{"organization of another kind", "organization", fields{"organization": "user_01EHWNCE74X7JSDV0X3SZ3KJNY"}, false},
		{"organization with a space", "organization", fields{"organization": "org_1 "}, false},
		{"organization without end", "organization", fields{"organization": "org_" + strings.Repeat("0", 252)}, false},
		{"no intent", "intent", fields{"intent": ""}, false},
		{"intent that is none", "intent", fields{"intent": "saml"}, false},
		{"intent in capitals", "intent", fields{"intent": "SSO"}, false},
		{"return URL that is none", "return_url", fields{"return_url": "settings"}, false},
		{"success URL that is none", "success_url", fields{"success_url": "example.com/done"}, false},
		{"return URL without encryption", "return_url", fields{"return_url": "http://example.com/settings"}, true},
		{"return URL with a password", "return_url", fields{"return_url": "https://a:b@example.com/"}, true},
		{"contact that is no address", "it_contact_emails[1]", fields{"it_contact_emails": []any{"it@customer.example", "it"}}, false},
		{"contacts without end", "it_contact_emails", fields{"it_contact_emails": slices.Repeat([]any{"it@customer.example"}, 21)}, false},
		{"provider type that is none", "intent_options.sso.provider_type", fields{"intent_options": fields{"sso": fields{"provider_type": "OktaSAML"}}}, false},
		{"domain that is a URL", "intent_options.domain_verification.domain_name", fields{"intent": "domain_verification",
			"intent_options": fields{"domain_verification": fields{"domain_name": "https://customer.example"}}}, false},
		{"option of another intent", "intent_options.sso.provider_type", fields{"intent": "dsync", "intent_options": fields{"sso": fields{"provider_type": "GoogleSAML"}}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			op := oneOperation(t, "generateLink") // has all fields
			words := fields{"organization": sso.Organization, "intent": string(sso.Intent)}
			maps.Copy(words, tt.with)
			l := new(line)
			portal := dial(t, l, client.WithDialect(op.dialect))
			_, err := portal.GeneratePortalLink(t.Context(), request(t, words))
			wantOnly(t, err, client.ErrInvalidRequest)
			if e := asError(t, err); e.Attempts != 0 || e.StatusCode != 0 || !strings.HasPrefix(e.Description, tt.field+": ") {
				t.Errorf("%+v, want a refusal of %s before anything is sent", e, tt.field)
			}
			if len(l.requests()) != 0 {
				t.Errorf("%s was sent all the same", l.paths())
			}

			l.alter = replaceBody(t, words)
			_, err = portal.GeneratePortalLink(t.Context(), sso)
			if tt.alone {
				if err != nil {
					t.Errorf("%v: Prism refuses it too; say so in this table", err)
				}
				return
			}
			wantOnly(t, err, client.ErrInvalidRequest)
			// Prism answers 422 whatever is wrong.
			if e := asError(t, err); e.StatusCode != 422 || e.Attempts != 1 {
				t.Errorf("%+v, want Prism's 422", e)
			}
		})
	}
}

// At the edge of what the document allows, the two are of one mind as well.
func TestTakenOnBothSides(t *testing.T) {
	type fields = map[string]any
	for name, with := range map[string]fields{
		"the longest organization":  {"organization": "org_" + strings.Repeat("0", 251)},
		"an organization with - _":  {"organization": "org_-_"},
		"loopback, to develop":      {"return_url": "http://localhost:8080/settings", "success_url": "http://[::1]/"},
		"a query and a fragment":    {"return_url": "https://example.com/settings?tab=sso#idp"},
		"twenty contacts":           {"it_contact_emails": slices.Repeat([]any{"it@customer.example"}, 20)},
		"a contact with a tag":      {"it_contact_emails": []any{"it+portal@sub.customer.example"}},
		"a domain of many labels":   {"intent": "domain_verification", "intent_options": fields{"domain_verification": fields{"domain_name": "a.b.customer.example"}}},
		"a bookmark and a provider": {"intent_options": fields{"sso": fields{"bookmark_slug": "chatgpt", "provider_type": "GoogleSAML"}}},
	} {
		t.Run(name, func(t *testing.T) {
			op := oneOperation(t, "generateLink")
			words := fields{"organization": sso.Organization, "intent": string(sso.Intent)}
			maps.Copy(words, with)
			l := new(line)
			if _, err := dial(t, l, client.WithDialect(op.dialect)).GeneratePortalLink(t.Context(), request(t, words)); err != nil {
				t.Fatal(err)
			}
			wantBody(t, l, op, words)
		})
	}
}

// replaceBody puts other words into the requests that it is handed.
func replaceBody(t *testing.T, words any) func(*http.Request) {
	t.Helper()
	body, err := json.Marshal(words)
	if err != nil {
		t.Fatal(err)
	}
	return func(r *http.Request) {
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		r.ContentLength = int64(len(body))
	}
}
