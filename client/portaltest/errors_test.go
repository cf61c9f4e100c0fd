package portaltest_test

import (
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
func TestReferenceErrorTable(t *testing.T) {
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
		c.post(referenceLinks, body, 400).is(want)
	}
	c.post(referenceLinks, `{`+org+`, "intent": "sso", "return_url": "https://example.com/settings"}`, 200)
	c.post(referenceLinks, `{"organization": "acme", "intent": "saml"}`, 422).is(`{"error":"invalid_request","error_description":"The 'organization' parameter must start with org_","code":"invalid_organization_id"}`)
	c.post(referenceLinks, `{"organization": "org_nobody", "intent": "sso"}`, 404).is(`{"error":"not_found","error_description":"Organization not found","code":"entity_not_found"}`)
	for _, edit := range []edit{header("Authorization"), key("sk_sandbox_nope")} {
		c.post(referenceLinks, `{}`, 401, edit).is(`{"error":"unauthorized","error_description":"The API key is missing or invalid","code":"unauthorized"}`)
	}
	c.post(referenceLinks, `{`, 401, key("sk_live_a2V5")).has("The API key is missing or invalid. This is a sandbox, not WorkOS")
	c.post(referenceLinks, `{}`, 401, key(c.portal.AddRestrictedKey())).is(`{"error":"unauthorized","error_description":"The API key lacks the required permissions","code":"insufficient_permissions"}`)
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
	for _, edit := range []edit{
		header("Authorization"), header("Authorization", "Basic "+c.portal.APIKey), header("Authorization", bearer, bearer),
		key(" " + c.portal.APIKey), key(strings.ToLower(c.portal.APIKey)),
	} {
		c.post(liveLinks, `{}`, 401, edit).is(`{"message":"Unauthorized"}`)
	}
	// A key that is not the sandbox's is refused before the body is read.
	for _, foreign := range []edit{key("sk_live_a2V5"), key("sk_example_123456789")} {
		for _, body := range []string{`{"organization":`, strings.Repeat("x", 2<<20)} {
			c.post(liveLinks, body, 401, foreign).is(`{"message":"Unauthorized. This is a sandbox, not WorkOS: it takes only its own keys"}`)
		}
	}
	c.post(liveLinks, c.request("sso"), 201, header("Authorization", "bearer "+c.portal.APIKey)) // schemes have no case
	c.post(liveLinks, `{}`, 403, key(c.portal.AddRestrictedKey())).is(`{"message":"Forbidden","code":"forbidden"}`)

	// Everything that is wrong is listed at once.
	var got struct{ Errors []struct{ Field string } }
	c.post(liveLinks, `{"success_url":"javascript:alert(1)","organization":"acme","intent":"saml"}`, 422).decode(&got)
	equal(t, "errors", fmt.Sprint(got.Errors), "[{organization} {intent} {success_url}]")
}

func TestRedirectURLs(t *testing.T) {
	c := inMemory(t, portaltest.WithRateLimit(1000))
	try := func(address string, reference, live int) {
		for _, field := range []string{"return_url", "success_url"} {
			c.post(referenceLinks, c.request("sso", field, address), reference)
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
	check := func(want, body string, edits ...edit) {
		for path, words := range map[string]string{referenceLinks: `"error_description":"`, liveLinks: `"message":"`} {
			c.post(path, body, 400, edits...).has(`"code":"invalid_request"`, words, want)
		}
	}
	check("valid JSON", `{"organization":`)
	check("valid JSON", `organization=org_x&intent=sso`)
	check("valid JSON", valid+`x`)
	check("valid JSON", ``, header("Content-Type", "application/json"))
	check("valid JSON", "\xef\xbb\xbf"+valid) // a byte order mark
	check("JSON object", `[`+valid+`]`)
	check("JSON object", `null`)
	check("larger than 1 MiB", `{"organization":"`+strings.Repeat("x", 10<<20)+`"}`)
	check("Content-Type", valid, header("Content-Type"))
	check("Content-Type", valid, header("Content-Type", "application/x-www-form-urlencoded"))
	check("Content-Type", valid, header("Content-Type", "application/json", "application/json"))
	check("Idempotency-Key", valid, header("Idempotency-Key", ""))
	check("Idempotency-Key", valid, header("Idempotency-Key", strings.Repeat("k", 256)))
	check("one value", valid, header("Idempotency-Key", "a", "b"))
	c.post(referenceLinks, valid, 200, header("Content-Type", "application/json; charset=utf-8"))
	c.post(referenceLinks, valid, 200, header("Idempotency-Key", strings.Repeat("k", 255)))
}

// A route that does not exist, and every route of the other dialect, answers in the live
// error's form. It says what is served and where the control is, and names no
// organization.
func TestOtherRoutes(t *testing.T) {
	notHere := func(a answer) {
		t.Helper()
		a.want(404).has(`"message":"Not Found: `, "POST /", "GET /_sandbox/", `"code":"not_found"`)
		errorIf(t, strings.Contains(strings.ToLower(a.body), "organization"), "%s = %s, want no organization in it", a.call, a.body)
	}
	c := serve(t)
	for _, path := range []string{"/", "/portal_links/", "/v1/portal_links", "/organizations"} {
		notHere(c.send("POST", path, `{}`))
	}
	notHere(c.send("PUT", referenceLinks, `{}`))

	reference, live := serve(t, portaltest.WithDialect(portaltest.DialectPortalLinks)), serve(t, portaltest.WithDialect(portaltest.DialectGenerateLink))
	reference.partial, live.partial = true, true
	reference.post(referenceLinks, reference.request("sso"), 200)
	reference.get(referenceIcons, 200)
	live.post(liveLinks, live.request("sso"), 201)
	live.get(liveIcons, 200)
	notHere(reference.send("POST", liveLinks, reference.request("sso")))
	notHere(reference.send("GET", liveIcons, ""))
	notHere(live.send("POST", referenceLinks, live.request("sso")))
	notHere(live.send("GET", referenceIcons, ""))
}

// What WorkOS's published SDKs were seen to send at the live route, with and without what their caller
// left out, makes a link that opens. The reference's route takes what the contract says, no more.
func TestLeftOutFields(t *testing.T) {
	c := inMemory(t, portaltest.WithRateLimit(-1))
	c.partial = true // no rate headers
	intentOptions, adminEmails := "intent_options: not known, ignored", "admin_emails: not known, ignored"
	for _, tc := range []struct {
		sdk, fields string
		reference   int
		notes       []string // at the live route
	}{
		{"Go 10.1, Python 10.2 and 5.46, PHP 9.0, Ruby 10.2", `,"intent":"sso"`, 200, nil},
		{"the same without an intent", ``, 400, nil},
		{"Go 4.46 and 6.5", `,"intent":"sso","return_url":"","success_url":""`, 400, nil},
		{"Go 4.46 with a return URL", `,"intent":"sso","return_url":"https://example.com/","success_url":""`, 400, nil},
		{"PHP 4.32, Elixir 2.0", `,"intent":"sso","return_url":null,"success_url":null`, 400, nil},
		{"Ruby 6 and below", `,"intent":"sso","return_url":null,"success_url":null,"intent_options":null`, 400, nil},
		{"PHP 7.3", `,"intent":"sso","intent_options":{"sso":null,"domain_verification":null}`, 200, []string{intentOptions}},
		{"Node 10 and 11", `,"intent":"sso","intent_options":{"sso":{"bookmark_slug":"b","provider_type":"GoogleSAML"}},"admin_emails":["it@customer.example"]`, 200, []string{adminEmails, intentOptions}},
		{"all of WorkOS's document", `,"intent":"bring_your_own_key","return_url":"https://example.com/","success_url":"https://example.com/done","it_contact_emails":["it@customer.example"]`, 400, nil},
		{"", `,"intent":"sso","it_contact_emails":null`, 200, nil},
		{"", `,"intent":"sso","it_contact_emails":[]`, 200, nil},
		{"", `,"return_url":"https://example.com/"`, 400, nil},
		{"", `,"intent":null`, 400, nil},
		{"", `,"intent":""`, 400, nil},
		{"", `,"intent":"sso","intent_options":null`, 200, nil},
		{"", `,"intent":"sso","admin_emails":["it@customer.example"]`, 200, []string{adminEmails}},
	} {
		body := `{"organization":"` + c.portal.Organization + `"` + tc.fields + `}`
		c.post(referenceLinks, body, tc.reference)
		page := c.post(liveLinks, body, 201).link(c.url)
		equal(t, tc.sdk+tc.fields+": Notes", slices.Sorted(slices.Values(c.last().Notes)), tc.notes)
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
	c := inMemory(t, portaltest.WithRateLimit(6), portaltest.WithRequestLog(func(r portaltest.Request) { logged = append(logged, r) }))
	check := func(want, path, body string, edits ...edit) {
		a := c.send("POST", path, body, edits...)
		if notes := c.last().Notes; len(notes) != 1 || !strings.HasPrefix(notes[0], want) {
			t.Errorf("%s: Notes = %q, want %q", a.call, notes, want)
		}
	}
	check("organization: must start with org_; intent: must be one of: sso, ", liveLinks, `{"organization":"acme","intent":"saml"}`)
	check("organization: must be org_ and letters, digits, - or _", liveLinks, `{"organization":"org_01 ","intent":"sso"}`)
	check("organization: is required", referenceLinks, `{"intent":"sso"}`)
	check("return_url: must be an absolute https URL", liveLinks, c.request("sso", "return_url", "http://example.com/"))
	check("organization: org_x does not exist in this sandbox", liveLinks, c.request("sso", "organization", "org_x"))
	check("the request body is not valid JSON", referenceLinks, `{`)
	check("rate limit: 6 requests in 1m0s are spent; the next window begins in ", referenceLinks, `{}`)
	check("Authorization: must be Bearer", liveLinks, `{}`, header("Authorization"))
	check("Authorization: the API key is not one of this sandbox's", liveLinks, `{}`, key("sk_sandbox_other"))
	check("Authorization: the API key lacks permissions", liveLinks, `{}`, key(c.portal.AddRestrictedKey()))
	check("no such route", "/organizations", `{}`)
	check("no such link", "/portal/launch", ``)
	var listed struct{ Data []portaltest.Request }
	c.get(sandbox+"/requests", 200).decode(&listed)
	equal(t, "notes at the control address", listed.Data[0].Notes, c.portal.Requests()[0].Notes)
	// The last one may still be on its way to the log.
	equal(t, "notes in the log", logged[0].Notes, c.portal.Requests()[0].Notes)
}

// Strict fields turn a misspelled field into a refusal, in both dialects.
func TestWithStrictFields(t *testing.T) {
	c := inMemory(t, portaltest.WithStrictFields())
	body := c.request("sso", "return_ulr", "https://example.com/")
	c.post(referenceLinks, body, 400).has("'return_ulr' parameter is not known")
	c.post(liveLinks, body, 422).has(`"unknown_field"`)
	c.post(liveLinks, `{"organization":"`+c.portal.Organization+`","intent_options":null}`, 201)
}

// A name that the sender made up stays on one line and has no key in it, and a hundred
// of them are ten notes.
func TestUnknownFieldsAreBounded(t *testing.T) {
	c := inMemory(t)
	var fields []string
	for n := range 100 {
		fields = append(fields, fmt.Sprint(n)+strings.Repeat("\n\x1b", n+1)+c.portal.APIKey, "")
	}
	c.post(referenceLinks, c.request("sso", fields...), 200)
	notes := c.last().Notes
	if text := strings.Join(notes, ""); len(notes) != 10 || !slices.IsSorted(notes) || strings.Contains(text, "\n") || strings.Contains(text, c.portal.APIKey) {
		t.Errorf("%d notes, want 10 of one line in order without the key: %q", len(notes), notes)
	}
}
