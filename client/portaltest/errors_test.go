package portaltest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// listed are the values of one of the document's enums.
func listed(schema string) string {
	var values []string
	for _, v := range portaltest.Schema(schema).Enum {
		values = append(values, fmt.Sprint(v))
	}
	return strings.Join(values, ", ")
}

// The reference's own request, and its error table row by row.
func TestSheetErrorTable(t *testing.T) {
	c := serve(t)
	const org = "org_01EHWNCE74X7JSDV0X3SZ3KJNY"
	c.portal.PutOrganization(portaltest.Organization{ID: org, Name: "Acme"})
	restricted := c.portal.AddRestrictedKey()
	for name, tc := range map[string]struct {
		body   string
		edits  []edit
		status int
		want   string
	}{
		"the reference's request": {
			body:   `{"organization": "org_01EHWNCE74X7JSDV0X3SZ3KJNY", "intent": "sso", "return_url": "https://example.com/settings"}`,
			status: 200,
		},
		"missing organization": {
			body:   `{"intent": "sso", "return_url": "https://example.com/settings"}`,
			status: 400,
			want:   `{"error":"invalid_request","error_description":"The 'organization' parameter is required","code":"invalid_request"}`,
		},
		"organization null": {
			body:   `{"organization": null, "intent": "sso"}`,
			status: 400,
			want:   `{"error":"invalid_request","error_description":"The 'organization' parameter is required","code":"invalid_request"}`,
		},
		"nothing given": {
			body:   `{}`,
			status: 400,
			want:   `{"error":"invalid_request","error_description":"The 'organization' parameter is required","code":"invalid_request"}`,
		},
		"invalid intent": {
			body:   `{"organization": "org_01EHWNCE74X7JSDV0X3SZ3KJNY", "intent": "saml"}`,
			status: 400,
			want:   `{"error":"invalid_request","error_description":"The 'intent' parameter must be one of: ` + listed("Intent") + `","code":"invalid_request"}`,
		},
		"intent of the other dialect": {
			body:   `{"organization": "org_01EHWNCE74X7JSDV0X3SZ3KJNY", "intent": "domain_verification"}`,
			status: 400,
			want:   `{"error":"invalid_request","error_description":"The 'intent' parameter must be one of: ` + listed("Intent") + `","code":"invalid_request"}`,
		},
		"missing intent": {
			body:   `{"organization": "org_01EHWNCE74X7JSDV0X3SZ3KJNY"}`,
			status: 400,
			want:   `{"error":"invalid_request","error_description":"The 'intent' parameter is required","code":"invalid_request"}`,
		},
		"organization that is no text": {
			body:   `{"organization": 7, "intent": "sso"}`,
			status: 400,
			want:   `{"error":"invalid_request","error_description":"The 'organization' parameter must be a string","code":"invalid_request"}`,
		},
		"names are exact": {
			body:   `{"Organization": "org_01EHWNCE74X7JSDV0X3SZ3KJNY", "intent": "sso"}`,
			status: 400,
			want:   `{"error":"invalid_request","error_description":"The 'organization' parameter is required","code":"invalid_request"}`,
		},
		"organization of another form": {
			body:   `{"organization": "acme", "intent": "sso"}`,
			status: 422,
			want:   `{"error":"invalid_request","error_description":"The 'organization' parameter must start with org_","code":"invalid_organization_id"}`,
		},
		"organization of another form and invalid intent": {
			body:   `{"organization": "acme", "intent": "saml"}`,
			status: 422,
			want:   `{"error":"invalid_request","error_description":"The 'organization' parameter must start with org_","code":"invalid_organization_id"}`,
		},
		"return URL that is none": {
			body:   `{"organization": "org_01EHWNCE74X7JSDV0X3SZ3KJNY", "intent": "sso", "return_url": "/settings"}`,
			status: 400,
			want:   `{"error":"invalid_request","error_description":"The 'return_url' parameter must be an absolute https URL (http is allowed on loopback only)","code":"invalid_request"}`,
		},
		"unknown organization": {
			body:   `{"organization": "org_01EHWNCE74X7JSDV0X3SZ3KJNX", "intent": "sso"}`,
			status: 404,
			want:   `{"error":"not_found","error_description":"Organization not found","code":"entity_not_found"}`,
		},
		"no key": {
			body: `{}`, edits: []edit{header("Authorization")},
			status: 401,
			want:   `{"error":"unauthorized","error_description":"The API key is missing or invalid","code":"unauthorized"}`,
		},
		"another key": {
			body: `{}`, edits: []edit{key("sk_sandbox_nope")},
			status: 401,
			want:   `{"error":"unauthorized","error_description":"The API key is missing or invalid","code":"unauthorized"}`,
		},
		"key without permission": {
			body: `{"organization": "org_01EHWNCE74X7JSDV0X3SZ3KJNY", "intent": "sso"}`, edits: []edit{key(restricted)},
			status: 401,
			want:   `{"error":"unauthorized","error_description":"The API key lacks the required permissions","code":"insufficient_permissions"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.send("POST", sheetLinks, tc.body, tc.edits...).want(t, tc.status)
			if tc.want != "" {
				sameJSON(t, a.body, tc.want)
			}
		})
	}
}

func TestLiveErrorTable(t *testing.T) {
	c := serve(t)
	restricted := c.portal.AddRestrictedKey()
	org := c.portal.Organization
	problem := func(field, code, message string) string {
		return fmt.Sprintf(`{"code":"invalid_request_parameters","message":"Validation failed","errors":[{"field":%q,"code":%q,"message":%q}]}`, field, code, message)
	}
	emails := func(n int) string {
		b, _ := json.Marshal(strings.Split(strings.Repeat("it@customer.example,", n-1)+"it@customer.example", ","))
		return string(b)
	}
	for name, tc := range map[string]struct {
		body   string
		edits  []edit
		status int
		want   string
	}{
		"contacts": {
			body:   `{"organization": "` + org + `", "intent": "domain_verification", "it_contact_emails": ` + emails(20) + `}`,
			status: 201,
		},
		"missing organization": {
			body: `{"intent": "sso"}`, status: 422,
			want: problem("organization", "required", "organization is required"),
		},
		"unknown intent": {
			body: `{"organization": "` + org + `", "intent": "saml"}`, status: 422,
			want: problem("intent", "invalid_intent", "intent must be one of: "+listed("LiveIntent")),
		},
		"organization of another form": {
			body: `{"organization": "acme", "intent": "sso"}`, status: 422,
			want: problem("organization", "invalid_organization_id", "organization must start with org_"),
		},
		"return URL that is none": {
			body: `{"organization": "` + org + `", "intent": "sso", "return_url": "settings"}`, status: 422,
			want: problem("return_url", "invalid_url", "return_url must be an absolute https URL (http is allowed on loopback only)"),
		},
		"too many contacts": {
			body: `{"organization": "` + org + `", "intent": "sso", "it_contact_emails": ` + emails(21) + `}`, status: 422,
			want: problem("it_contact_emails", "invalid_it_contact_emails", "it_contact_emails maximum number of items is 20"),
		},
		"contact that is no address": {
			body: `{"organization": "` + org + `", "intent": "sso", "it_contact_emails": ["it at customer.example"]}`, status: 422,
			want: problem("it_contact_emails", "invalid_it_contact_emails", "it_contact_emails must be a list of e-mail addresses"),
		},
		"unknown organization": {
			body: `{"organization": "org_x", "intent": "sso"}`, status: 404,
			want: `{"message":"Organization not found: 'org_x'.","code":"entity_not_found","entity_id":"org_x"}`,
		},
		"no key":         {body: `{}`, edits: []edit{header("Authorization")}, status: 401, want: `{"message":"Unauthorized"}`},
		"another scheme": {body: `{}`, edits: []edit{header("Authorization", "Basic "+c.portal.APIKey)}, status: 401, want: `{"message":"Unauthorized"}`},
		"two keys":       {body: `{}`, edits: []edit{header("Authorization", "Bearer "+c.portal.APIKey, "Bearer "+c.portal.APIKey)}, status: 401, want: `{"message":"Unauthorized"}`},
		"key without permission": {
			body: `{"organization": "` + org + `", "intent": "sso"}`, edits: []edit{key(restricted)}, status: 403,
			want: `{"message":"Forbidden","code":"forbidden"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.send("POST", liveLinks, tc.body, tc.edits...).want(t, tc.status)
			if tc.want != "" {
				sameJSON(t, a.body, tc.want)
			}
		})
	}
}

// Everything that is wrong is listed at once.
func TestLiveErrorsTogether(t *testing.T) {
	c := serve(t)
	a := c.send("POST", liveLinks, `{"organization":"acme","intent":"saml","success_url":"javascript:alert(1)"}`).want(t, 422)
	var got struct{ Errors []struct{ Field string } }
	decode(t, a.body, &got)
	fields := map[string]bool{}
	for _, e := range got.Errors {
		fields[e.Field] = true
	}
	if len(got.Errors) != 3 || !fields["organization"] || !fields["intent"] || !fields["success_url"] {
		t.Errorf("errors = %+v, want organization, intent and success_url", got.Errors)
	}
}

// Who sends a real key here must learn that this is not WorkOS.
func TestRealKey(t *testing.T) {
	c := serve(t)
	for _, path := range []string{sheetLinks, liveLinks} {
		a := c.send("POST", path, `{}`, key("sk_live_a2V5")).want(t, 401)
		if !strings.Contains(a.body, "sandbox") || strings.Contains(a.body, "a2V5") {
			t.Errorf("POST %s with a real key = %s, want a word on the sandbox and not the key", path, a.body)
		}
	}
}

func TestRedirectURLs(t *testing.T) {
	c := inMemory(t, portaltest.WithRateLimit(1000))
	for address, good := range map[string]bool{
		"https://example.com":                true,
		"https://example.com/a?b=c#d":        true,
		"http://localhost:3000/settings":     true,
		"http://127.0.0.1/":                  true,
		"http://127.8.9.1/":                  true,
		"http://[::1]:8080/":                 true,
		"http://example.com/":                false,
		"http://localhost.evil.example/":     false,
		"https://user:secret@example.com/":   false,
		"https://user@example.com/":          false,
		"javascript:alert(1)":                false,
		"data:text/html,x":                   false,
		"//example.com/":                     false,
		"https:///settings":                  false,
		"https://example.com\\@evil.example": false,
		"https://exa mple.com/":              false,
		"https://example.com/#a\nb":          false,
		"ftp://example.com/":                 false,
		"settings":                           false,
	} {
		for path, status := range map[string]int{sheetLinks: 200, liveLinks: 201} {
			refused := 400
			if path == liveLinks {
				refused = 422
			}
			if !good {
				status = refused
			}
			for _, field := range []string{"return_url", "success_url"} {
				if a := c.send("POST", path, c.request("sso", field, address)); a.status != status {
					t.Errorf("POST %s with %s %q = %d %s, want %d", path, field, address, a.status, a.body, status)
				}
			}
		}
	}
}

func TestOtherRoutes(t *testing.T) {
	c := serve(t)
	for _, path := range []string{"/", "/portal_links/", "/portal", "/v1/portal_links", "/provider_icons/okta"} {
		notHere(t, c.send("POST", path, `{}`).want(t, 404))
	}
	for _, path := range []string{sheetLinks, liveLinks, sheetIcons, liveIcons} {
		notHere(t, c.send("PUT", path, `{}`).want(t, 404))
	}
}

// notHere checks}

// notHere checks the answer at a route that does not exist: in the live error's form, it
// says what is served and where the control is, and names no organization.
func notHere(t testing.TB, a answer) {
	t.Helper()
	var got struct{ Message, Code string }
	decode(t, a.body, &got)
	for _, part := range []string{"Not Found: ", "POST /", "GET /_sandbox/"} {
		if !strings.Contains(got.Message, part) {
			t.Errorf("message = %q, want %q in it", got.Message, part)
		}
	}
	if got.Code != "not_found" || strings.Contains(strings.ToLower(a.body), "organization") {
		t.Errorf("body = %s, want not_found and no organization", a.body)
	}
}

// One dialect alone: the other's routes are not there, whatever the method.
func TestOneDialect(t *testing.T) {
	for name, tc := range map[string]struct {
		dialect      portaltest.Dialect
		here, absent []string
	}{
		"portal links":  {portaltest.DialectPortalLinks, []string{"POST " + sheetLinks, "GET " + sheetIcons}, []string{"POST " + liveLinks, "GET " + liveIcons}},
		"generate link": {portaltest.DialectGenerateLink, []string{"POST " + liveLinks, "GET " + liveIcons}, []string{"POST " + sheetLinks, "GET " + sheetIcons}},
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, portaltest.WithDialect(tc.dialect))
			c.partial = true
			for _, route := range tc.here {
				method, path, _ := strings.Cut(route, " ")
				body := ""
				if method == "POST" {
					body = c.request("sso")
				}
				if a := c.send(method, path, body); a.status/100 != 2 {
					t.Errorf("%s = %d %s, want 2xx", route, a.status, a.body)
				}
			}
			for _, route := range tc.absent {
				_, path, _ := strings.Cut(route, " ")
				for _, method := range []string{"GET", "POST", "DELETE"} {
					notHere(t, c.send(method, path, "").want(t, 404))
				}
			}
		})
	}
}
