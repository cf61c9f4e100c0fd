package portaltest_test

import (
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

// sheetError is the reference's error for a parameter.
func sheetError(field, rule string) string {
	return fmt.Sprintf(`{"error":"invalid_request","error_description":"The '%s' parameter %s","code":"invalid_request"}`, field, rule)
}

// The reference's own request, and its error table row by row.
func TestSheetErrorTable(t *testing.T) {
	c := serve(t, portaltest.WithExamples())
	restricted := c.portal.AddRestrictedKey()
	const org = `"organization": "org_01EHWNCE74X7JSDV0X3SZ3KJNY"`
	for body, tc := range map[string]struct {
		status int
		want   string
	}{
		`{` + org + `, "intent": "sso", "return_url": "https://example.com/settings"}`: {200, ""},
		`{"intent": "sso"}`:                       {400, sheetError("organization", "is required")},
		`{"organization": null, "intent": "sso"}`: {400, sheetError("organization", "is required")},
		`{}`:                              {400, sheetError("organization", "is required")},
		`{` + org + `}`:                   {400, sheetError("intent", "is required")},
		`{` + org + `, "intent": "saml"}`: {400, sheetError("intent", "must be one of: "+listed("Intent"))},
		`{` + org + `, "intent": "domain_verification"}`:  {400, sheetError("intent", "must be one of: "+listed("Intent"))},
		`{"organization": 7, "intent": "sso"}`:            {400, sheetError("organization", "must be a string")},
		`{"Organization": "org_x", "intent": "sso"}`:      {400, sheetError("organization", "is required")},
		`{` + org + `, "intent":"sso", "return_url":"/"}`: {400, sheetError("return_url", "must be an absolute https URL (http is allowed on loopback only)")},
		`{"organization": "acme", "intent": "saml"}`: {422,
			`{"error":"invalid_request","error_description":"The 'organization' parameter must start with org_","code":"invalid_organization_id"}`},
		`{"organization": "org_nobody", "intent": "sso"}`: {404,
			`{"error":"not_found","error_description":"Organization not found","code":"entity_not_found"}`},
	} {
		t.Run(body, func(t *testing.T) {
			a := c.send("POST", sheetLinks, body).want(t, tc.status)
			if tc.want != "" {
				sameJSON(t, a.body, tc.want)
			}
		})
	}
	for name, tc := range map[string]struct {
		edit edit
		want string
	}{
		"no key":                 {header("Authorization"), `{"error":"unauthorized","error_description":"The API key is missing or invalid","code":"unauthorized"}`},
		"another key":            {key("sk_sandbox_nope"), `{"error":"unauthorized","error_description":"The API key is missing or invalid","code":"unauthorized"}`},
		"key without permission": {key(restricted), `{"error":"unauthorized","error_description":"The API key lacks the required permissions","code":"insufficient_permissions"}`},
	} {
		t.Run(name, func(t *testing.T) { sameJSON(t, c.send("POST", sheetLinks, `{}`, tc.edit).want(t, 401).body, tc.want) })
	}
}

func TestLiveErrorTable(t *testing.T) {
	c := serve(t)
	org := `"organization": "` + c.portal.Organization + `"`
	problem := func(field, code, rule string) string {
		return fmt.Sprintf(`{"code":"invalid_request_parameters","message":"Validation failed","errors":[{"field":%q,"code":%q,"message":%q}]}`, field, code, field+" "+rule)
	}
	emails := func(n int) string { return strings.Repeat(`"it@customer.example",`, n-1) + `"it@customer.example"` }
	for body, tc := range map[string]struct {
		status int
		want   string
	}{
		`{` + org + `, "intent": "domain_verification", "it_contact_emails": [` + emails(20) + `]}`: {201, ""},
		`{` + org + `, "it_contact_emails": [` + emails(21) + `]}`:                                  {422, problem("it_contact_emails", "invalid_it_contact_emails", "maximum number of items is 20")},
		`{` + org + `, "it_contact_emails": ["it at customer"]}`:                                    {422, problem("it_contact_emails", "invalid_it_contact_emails", "must be a list of e-mail addresses")},
		`{"intent": "sso"}`:                          {422, problem("organization", "required", "is required")},
		`{` + org + `, "intent": "saml"}`:            {422, problem("intent", "invalid_intent", "must be one of: "+listed("LiveIntent"))},
		`{"organization": "acme", "intent": "sso"}`:  {422, problem("organization", "invalid_organization_id", "must start with org_")},
		`{` + org + `, "return_url": "settings"}`:    {422, problem("return_url", "invalid_url", "must be an absolute https URL (http is allowed on loopback only)")},
		`{"organization": "org_x", "intent": "sso"}`: {404, `{"message":"Organization not found: 'org_x'.","code":"entity_not_found","entity_id":"org_x"}`},
	} {
		t.Run(body, func(t *testing.T) {
			a := c.send("POST", liveLinks, body).want(t, tc.status)
			if tc.want != "" {
				sameJSON(t, a.body, tc.want)
			}
		})
	}
	for name, edit := range map[string]edit{
		"no key":         header("Authorization"),
		"another scheme": header("Authorization", "Basic "+c.portal.APIKey),
		"two keys":       header("Authorization", "Bearer "+c.portal.APIKey, "Bearer "+c.portal.APIKey),
	} {
		t.Run(name, func(t *testing.T) {
			sameJSON(t, c.send("POST", liveLinks, `{}`, edit).want(t, 401).body, `{"message":"Unauthorized"}`)
		})
	}
	sameJSON(t, c.send("POST", liveLinks, `{}`, key(c.portal.AddRestrictedKey())).want(t, 403).body, `{"message":"Forbidden","code":"forbidden"}`)

	// Everything that is wrong is listed at once.
	var got struct{ Errors []struct{ Field string } }
	decode(t, c.send("POST", liveLinks, `{"success_url":"javascript:alert(1)","organization":"acme","intent":"saml"}`).want(t, 422).body, &got)
	if fmt.Sprint(got.Errors) != "[{organization} {intent} {success_url}]" {
		t.Errorf("errors = %+v, want organization, intent and success_url", got.Errors)
	}
}

// A request without a good key is refused before it is read. A real key is answered with
// a word on the sandbox.
func TestKeyComesFirst(t *testing.T) {
	c := serve(t)
	for _, body := range []string{`{"organization":`, `{}`, strings.Repeat("x", 2<<20)} {
		for _, path := range []string{sheetLinks, liveLinks} {
			a := c.send("POST", path, body, key("sk_live_a2V5")).want(t, 401)
			if !strings.Contains(a.body, "sandbox") || strings.Contains(a.body, "a2V5") {
				t.Errorf("POST %s with a real key = %s, want a word on the sandbox and not the key", path, a.body)
			}
		}
	}
}

func TestRedirectURLs(t *testing.T) {
	c := inMemory(t, portaltest.WithRateLimit(1000))
	for address, good := range map[string]bool{
		"https://example.com":                true,
		"https://example.com/a?b=c#d":        true,
		"http://localhost:3000/settings":     true,
		"http://acme.localhost:3000/":        true,
		"http://127.8.9.1/":                  true,
		"http://[::1]:8080/":                 true,
		"http://example.com/":                false,
		"http://localhost.evil.example/":     false,
		"https://user:secret@example.com/":   false,
		"javascript:alert(1)":                false,
		"//example.com/":                     false,
		"https:///settings":                  false,
		"https://example.com\\@evil.example": false,
		"https://exa mple.com/":              false,
		"https://example.com/#a\nb":          false,
		"https://'":                          false, // no host, though net/url takes it for one
		"ftp://example.com/":                 false,
		"settings":                           false,
	} {
		for path, status := range map[string]int{sheetLinks: 200, liveLinks: 201} {
			if !good {
				status = map[string]int{sheetLinks: 400, liveLinks: 422}[path]
			}
			for _, field := range []string{"return_url", "success_url"} {
				if a := c.send("POST", path, c.request("sso", field, address)); a.status != status {
					t.Errorf("POST %s with %s %q = %d %s, want %d", path, field, address, a.status, a.body, status)
				}
			}
		}
	}
}

// What cannot be read is a 400 in the dialect's words, and says what is wrong.
func TestMalformedRequests(t *testing.T) {
	c := serve(t)
	valid := c.request("sso")
	for name, tc := range map[string]struct {
		body  string
		edits []edit
		want  string
	}{
		"half an object":            {`{"organization":`, nil, "valid JSON"},
		"a form":                    {`organization=org_x&intent=sso`, nil, "valid JSON"},
		"trailing garbage":          {valid + `x`, nil, "valid JSON"},
		"a list":                    {`[` + valid + `]`, nil, "JSON object"},
		"null":                      {`null`, nil, "JSON object"},
		"nothing":                   {``, []edit{header("Content-Type", "application/json")}, "valid JSON"},
		"a byte order mark":         {"\xef\xbb\xbf" + valid, nil, "valid JSON"},
		"no content type":           {valid, []edit{header("Content-Type")}, "Content-Type"},
		"a form's content type":     {valid, []edit{header("Content-Type", "application/x-www-form-urlencoded")}, "Content-Type"},
		"two content types":         {valid, []edit{header("Content-Type", "application/json", "application/json")}, "Content-Type"},
		"10 MiB":                    {`{"organization":"` + strings.Repeat("x", 10<<20) + `"}`, nil, "larger than 1 MiB"},
		"an idempotency key of 0":   {valid, []edit{header("Idempotency-Key", "")}, "Idempotency-Key"},
		"an idempotency key of 256": {valid, []edit{header("Idempotency-Key", strings.Repeat("k", 256))}, "Idempotency-Key"},
		"two idempotency keys":      {valid, []edit{header("Idempotency-Key", "a", "b")}, "one value"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{sheetLinks, liveLinks} {
				a := c.send("POST", path, tc.body, tc.edits...).want(t, 400)
				var got struct {
					Code        string
					Message     string
					Description string `json:"error_description"`
				}
				decode(t, a.body, &got)
				if got.Code != "invalid_request" || !strings.Contains(got.Message+got.Description, tc.want) {
					t.Errorf("POST %s = %s, want invalid_request and something with %q", path, a.body, tc.want)
				}
			}
		})
	}
	c.send("POST", sheetLinks, valid, header("Content-Type", "application/json; charset=utf-8")).want(t, 200)
	c.send("POST", sheetLinks, valid, header("Idempotency-Key", strings.Repeat("k", 255))).want(t, 200)
}

// A route that does not exist, and every route of the other dialect.
func TestOtherRoutes(t *testing.T) {
	c := serve(t)
	for _, path := range []string{"/", "/portal_links/", "/v1/portal_links", "/organizations"} {
		notHere(t, c.send("POST", path, `{}`).want(t, 404))
	}
	notHere(t, c.send("PUT", sheetLinks, `{}`).want(t, 404))
	for dialect, routes := range map[portaltest.Dialect][2][]string{
		portaltest.DialectPortalLinks:  {{sheetLinks, sheetIcons}, {liveLinks, liveIcons}},
		portaltest.DialectGenerateLink: {{liveLinks, liveIcons}, {sheetLinks, sheetIcons}},
	} {
		c := serve(t, portaltest.WithDialect(dialect))
		c.partial = true
		here, absent := routes[0], routes[1]
		if a := c.send("POST", here[0], c.request("sso")); a.status/100 != 2 {
			t.Errorf("POST %s = %d %s, want 2xx", here[0], a.status, a.body)
		}
		c.send("GET", here[1], "").want(t, 200)
		notHere(t, c.send("POST", absent[0], c.request("sso")).want(t, 404))
		notHere(t, c.send("GET", absent[1], "").want(t, 404))
	}
}

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
