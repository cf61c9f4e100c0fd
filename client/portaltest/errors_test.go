package portaltest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

const absoluteURL = "must be an absolute https URL (http is allowed on loopback only)"

// oneOf is the rule for one of the document's enums.
func oneOf(schema string) string {
	return "must be one of: " + strings.Join(portaltest.Enum(schema), ", ")
}

// The reference's own request, and its error table row by row.
func TestSheetErrorTable(t *testing.T) {
	c := serve(t, portaltest.WithExamples())
	const org = `"organization": "org_01EHWNCE74X7JSDV0X3SZ3KJNY"`
	wrong := func(field, rule string) string {
		return fmt.Sprintf(`{"error":"invalid_request","error_description":"The '%s' parameter %s","code":"invalid_request"}`, field, rule)
	}
	for body, want := range map[string]string{
		`{"intent": "sso"}`:                       wrong("organization", "is required"),
		`{"organization": null, "intent": "sso"}`: wrong("organization", "is required"),
		`{}`:                              wrong("organization", "is required"),
		`{` + org + `}`:                   wrong("intent", "is required"),
		`{` + org + `, "intent": "saml"}`: wrong("intent", oneOf("Intent")),
		`{` + org + `, "intent": "domain_verification"}`:  wrong("intent", oneOf("Intent")),
		`{"organization": 7, "intent": "sso"}`:            wrong("organization", "must be a string"),
		`{"Organization": "org_x", "intent": "sso"}`:      wrong("organization", "is required"),
		`{` + org + `, "intent":"sso", "return_url":"/"}`: wrong("return_url", absoluteURL),
	} {
		c.post(sheetLinks, body, 400).is(want)
	}
	c.post(sheetLinks, `{`+org+`, "intent": "sso", "return_url": "https://example.com/settings"}`, 200)
	c.post(sheetLinks, `{"organization": "acme", "intent": "saml"}`, 422).is(`{"error":"invalid_request","error_description":"The 'organization' parameter must start with org_","code":"invalid_organization_id"}`)
	c.post(sheetLinks, `{"organization": "org_nobody", "intent": "sso"}`, 404).is(`{"error":"not_found","error_description":"Organization not found","code":"entity_not_found"}`)
	for _, edit := range []edit{header("Authorization"), key("sk_sandbox_nope")} {
		c.post(sheetLinks, `{}`, 401, edit).is(`{"error":"unauthorized","error_description":"The API key is missing or invalid","code":"unauthorized"}`)
	}
	c.post(sheetLinks, `{}`, 401, key(c.portal.AddRestrictedKey())).is(`{"error":"unauthorized","error_description":"The API key lacks the required permissions","code":"insufficient_permissions"}`)
}

func TestLiveErrorTable(t *testing.T) {
	c := serve(t)
	org := `"organization": "` + c.portal.Organization + `"`
	problem := func(field, code, rule string) string {
		return fmt.Sprintf(`{"code":"invalid_request_parameters","message":"Validation failed","errors":[{"field":%q,"code":%q,"message":%q}]}`, field, code, field+" "+rule)
	}
	emails := func(n int) string {
		return `"it_contact_emails": [` + strings.Repeat(`"it@customer.example",`, n-1) + `"it@customer.example"]`
	}
	for body, want := range map[string]string{
		`{` + org + `, ` + emails(21) + `}`:                      problem("it_contact_emails", "invalid_it_contact_emails", "maximum number of items is 20"),
		`{` + org + `, "it_contact_emails": ["it at customer"]}`: problem("it_contact_emails", "invalid_it_contact_emails", "must be a list of e-mail addresses"),
		`{"intent": "sso"}`:                                      problem("organization", "required", "is required"),
		`{"organization": null, "intent": "sso"}`:                problem("organization", "required", "is required"),
		`{` + org + `, "intent": "saml"}`:                        problem("intent", "invalid_intent", oneOf("LiveIntent")),
		`{"organization": "acme", "intent": "sso"}`:              problem("organization", "invalid_organization_id", "must start with org_"),
		`{` + org + `, "return_url": "settings"}`:                problem("return_url", "invalid_url", absoluteURL),
	} {
		c.post(liveLinks, body, 422).is(want)
	}
	c.post(liveLinks, `{`+org+`, "intent": "domain_verification", `+emails(20)+`}`, 201)
	c.post(liveLinks, `{"organization": "org_x", "intent": "sso"}`, 404).is(`{"message":"Organization not found: 'org_x'.","code":"entity_not_found","entity_id":"org_x"}`)
	bearer := "Bearer " + c.portal.APIKey
	for _, edit := range []edit{header("Authorization"), header("Authorization", "Basic "+c.portal.APIKey), header("Authorization", bearer, bearer)} {
		c.post(liveLinks, `{}`, 401, edit).is(`{"message":"Unauthorized"}`)
	}
	c.post(liveLinks, `{}`, 403, key(c.portal.AddRestrictedKey())).is(`{"message":"Forbidden","code":"forbidden"}`)

	// Everything that is wrong is listed at once.
	var got struct{ Errors []struct{ Field string } }
	c.post(liveLinks, `{"success_url":"javascript:alert(1)","organization":"acme","intent":"saml"}`, 422).decode(&got)
	equal(t, "errors", fmt.Sprint(got.Errors), "[{organization} {intent} {success_url}]")
}

// A request without a good key is refused before it is read. A real key is answered with
// a word on the sandbox.
func TestKeyComesFirst(t *testing.T) {
	c := serve(t)
	for _, body := range []string{`{"organization":`, `{}`, strings.Repeat("x", 2<<20)} {
		for _, path := range []string{sheetLinks, liveLinks} {
			a := c.post(path, body, 401, key("sk_live_a2V5"))
			if a.has("sandbox"); strings.Contains(a.body, "a2V5") {
				t.Errorf("POST %s with a real key = %s, which has the key", path, a.body)
			}
		}
	}
}

func TestRedirectURLs(t *testing.T) {
	c := inMemory(t, portaltest.WithRateLimit(1000))
	try := func(address string, sheet, live int) {
		for _, field := range []string{"return_url", "success_url"} {
			c.post(sheetLinks, c.request("sso", field, address), sheet)
			c.post(liveLinks, c.request("sso", field, address), live)
		}
	}
	for _, good := range []string{
		"https://example.com", "https://example.com/a?b=c#d",
		"http://localhost:3000/settings", "http://acme.localhost:3000/", "http://127.8.9.1/", "http://[::1]:8080/",
	} {
		try(good, 200, 201)
	}
	for _, bad := range []string{
		"http://example.com/", "http://localhost.evil.example/", "https://user:secret@example.com/", "javascript:alert(1)", "//example.com/",
		"https:///settings", "https://example.com\\@evil.example", "https://exa mple.com/", "https://example.com/#a\nb", "ftp://example.com/", "settings",
		"https://'", // no host, though net/url takes it for one
	} {
		try(bad, 400, 422)
	}
}

// What cannot be read is a 400 in the dialect's words, and says what is wrong.
func TestMalformedRequests(t *testing.T) {
	c := serve(t)
	valid := c.request("sso")
	contentType := func(values ...string) []edit { return []edit{header("Content-Type", values...)} }
	idempotency := func(values ...string) []edit { return []edit{header("Idempotency-Key", values...)} }
	for _, tc := range []struct {
		body  string
		edits []edit
		want  string
	}{
		{`{"organization":`, nil, "valid JSON"},
		{`organization=org_x&intent=sso`, nil, "valid JSON"},
		{valid + `x`, nil, "valid JSON"},
		{``, contentType("application/json"), "valid JSON"},
		{"\xef\xbb\xbf" + valid, nil, "valid JSON"}, // a byte order mark
		{`[` + valid + `]`, nil, "JSON object"},
		{`null`, nil, "JSON object"},
		{valid, contentType(), "Content-Type"},
		{valid, contentType("application/x-www-form-urlencoded"), "Content-Type"},
		{valid, contentType("application/json", "application/json"), "Content-Type"},
		{`{"organization":"` + strings.Repeat("x", 10<<20) + `"}`, nil, "larger than 1 MiB"},
		{valid, idempotency(""), "Idempotency-Key"},
		{valid, idempotency(strings.Repeat("k", 256)), "Idempotency-Key"},
		{valid, idempotency("a", "b"), "one value"},
	} {
		for path, words := range map[string]string{sheetLinks: `"error_description":"`, liveLinks: `"message":"`} {
			c.post(path, tc.body, 400, tc.edits...).has(`"code":"invalid_request"`, words, tc.want)
		}
	}
	c.post(sheetLinks, valid, 200, header("Content-Type", "application/json; charset=utf-8"))
	c.post(sheetLinks, valid, 200, header("Idempotency-Key", strings.Repeat("k", 255)))
}

// A route that does not exist, and every route of the other dialect, answers in the live
// error's form. It says what is served and where the control is, and names no
// organization.
func TestOtherRoutes(t *testing.T) {
	notHere := func(a answer) {
		t.Helper()
		a.want(404).has(`"message":"Not Found: `, "POST /", "GET /_sandbox/", `"code":"not_found"`)
		if strings.Contains(strings.ToLower(a.body), "organization") {
			t.Errorf("%s = %s, want no organization in it", a.call, a.body)
		}
	}
	c := serve(t)
	for _, path := range []string{"/", "/portal_links/", "/v1/portal_links", "/organizations"} {
		notHere(c.send("POST", path, `{}`))
	}
	notHere(c.send("PUT", sheetLinks, `{}`))

	sheet, live := serve(t, portaltest.WithDialect(portaltest.DialectPortalLinks)), serve(t, portaltest.WithDialect(portaltest.DialectGenerateLink))
	sheet.partial, live.partial = true, true
	sheet.post(sheetLinks, sheet.request("sso"), 200)
	sheet.get(sheetIcons, 200)
	live.post(liveLinks, live.request("sso"), 201)
	live.get(liveIcons, 200)
	notHere(sheet.send("POST", liveLinks, sheet.request("sso")))
	notHere(sheet.send("GET", liveIcons, ""))
	notHere(live.send("POST", sheetLinks, live.request("sso")))
	notHere(live.send("GET", sheetIcons, ""))
}

// What WorkOS's published SDKs send at the live route for what their caller left out
// makes a link that opens. The reference's route takes what the contract says, no more.
func TestLeftOutFields(t *testing.T) {
	c := inMemory(t, portaltest.WithRateLimit(-1))
	c.partial = true // no rate headers
	for fields, tc := range map[string]struct {
		sheet int
		notes []string // at the live route
	}{
		`"intent":"sso","return_url":null,"success_url":null`:   {400, nil},
		`"intent":"sso","return_url":"","success_url":""`:       {400, nil},
		`"intent":"sso","it_contact_emails":null`:               {200, nil},
		`"intent":"sso","it_contact_emails":[]`:                 {200, nil},
		`"return_url":"https://example.com/"`:                   {400, nil},
		`"intent":null`:                                         {400, nil},
		`"intent":""`:                                           {400, nil},
		`"intent":"sso","intent_options":null`:                  {200, nil},
		`"intent":"sso","intent_options":{"sso":null}`:          {200, []string{"intent_options: not known, ignored"}},
		`"intent":"sso","admin_emails":["it@customer.example"]`: {200, []string{"admin_emails: not known, ignored"}},
	} {
		body := `{"organization":"` + c.portal.Organization + `",` + fields + `}`
		c.post(sheetLinks, body, tc.sheet)
		page := c.post(liveLinks, body, 201).link(c.url)
		equal(t, fields+": Notes", c.last().Notes, tc.notes)
		c.get(page, 200)
	}
	// Names are exact, though Go's decoder is lenient: this is an unknown field.
	c.post(liveLinks, `{"organization":"`+c.portal.Organization+`","Intent":"saml"}`, 201)
	links := c.portal.Links()
	equal(t, "Intent of a link whose request had none", links[len(links)-1].Intent, "")
}

// Every refusal says field and rule, in Requests, in the log and at the control address.
func TestNotes(t *testing.T) {
	var logged []portaltest.Request
	c := inMemory(t, portaltest.WithRateLimit(5), portaltest.WithRequestLog(func(r portaltest.Request) { logged = append(logged, r) }))
	restricted := c.portal.AddRestrictedKey()
	for _, tc := range []struct {
		path, body string
		edits      []edit
		want       string
	}{
		{liveLinks, `{"organization":"acme","intent":"saml"}`, nil, "organization: must start with org_; intent: must be one of: sso, "},
		{sheetLinks, `{"intent":"sso"}`, nil, "organization: is required"},
		{liveLinks, c.request("sso", "return_url", "http://example.com/"), nil, "return_url: must be an absolute https URL"},
		{liveLinks, c.request("sso", "organization", "org_x"), nil, "organization: org_x does not exist in this sandbox"},
		{sheetLinks, `{`, nil, "the request body is not valid JSON"},
		{sheetLinks, `{}`, nil, "rate limit: 5 requests in 1m0s are spent; the next window begins in "},
		{liveLinks, `{}`, []edit{header("Authorization")}, "Authorization: must be Bearer"},
		{liveLinks, `{}`, []edit{key("sk_sandbox_other")}, "Authorization: the API key is not one of this sandbox's"},
		{liveLinks, `{}`, []edit{key(restricted)}, "Authorization: the API key lacks permissions"},
		{"/organizations", `{}`, nil, "no such route"},
		{"/portal/launch", ``, nil, "no such link"},
	} {
		a := c.send("POST", tc.path, tc.body, tc.edits...)
		if notes := c.last().Notes; len(notes) != 1 || !strings.HasPrefix(notes[0], tc.want) {
			t.Errorf("%s: Notes = %q, want %q", a.call, notes, tc.want)
		}
	}
	var listed struct{ Data []portaltest.Request }
	c.get(sandbox+"/requests", 200).decode(&listed)
	for i, r := range c.portal.Requests() {
		equal(t, fmt.Sprintf("request %d: notes at the control address", i), listed.Data[i].Notes, r.Notes)
	}
	// The last one may still be on its way to the log.
	equal(t, "notes in the log", logged[0].Notes, c.portal.Requests()[0].Notes)
}

// Strict fields turn a misspelled field into a refusal, in both dialects.
func TestWithStrictFields(t *testing.T) {
	c := inMemory(t, portaltest.WithStrictFields())
	body := c.request("sso", "return_ulr", "https://example.com/")
	c.post(sheetLinks, body, 400).has("'return_ulr' parameter is not known")
	c.post(liveLinks, body, 422).has(`"unknown_field"`)
	c.post(liveLinks, `{"organization":"`+c.portal.Organization+`","intent_options":null}`, 201)
}

// A name that the sender made up stays on one line and has no key in it, and a hundred
// of them are ten notes.
func TestUnknownFieldsAreBounded(t *testing.T) {
	c := inMemory(t)
	fields := map[string]string{"organization": c.portal.Organization, "intent": "sso"}
	for range 100 {
		fields[strings.Repeat("\n\x1b", len(fields))+c.portal.APIKey] = ""
	}
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	c.post(sheetLinks, string(body), 200)
	notes := c.last().Notes
	bad := func(note string) bool { return strings.Contains(note, "\n") || strings.Contains(note, c.portal.APIKey) }
	if len(notes) != 10 || slices.ContainsFunc(notes, bad) {
		t.Errorf("%d notes, want 10 of one line without the key: %q", len(notes), notes)
	}
}
