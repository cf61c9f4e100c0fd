package portaltest_test

import (
	"crypto/tls"
	"encoding/json"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

func TestExpiredLink(t *testing.T) { testExpiredLink(t) }

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
		t.Run(fields, func(t *testing.T) {
			body := `{"organization":"` + c.portal.Organization + `",` + fields + `}`
			c.send("POST", sheetLinks, body).want(t, tc.sheet)
			var issued struct{ Link string }
			decode(t, c.send("POST", liveLinks, body).want(t, 201).body, &issued)
			if notes := last(c).Notes; !slices.Equal(notes, tc.notes) {
				t.Errorf("Notes = %q, want %q", notes, tc.notes)
			}
			c.send("GET", strings.TrimPrefix(issued.Link, c.url), "").want(t, 200)
		})
	}
	c.send("POST", liveLinks, `{"organization":null,"intent":"sso"}`).want(t, 422)
	// Names are exact, though Go's decoder is lenient: this is an unknown field.
	c.send("POST", liveLinks, `{"organization":"`+c.portal.Organization+`","Intent":"saml"}`).want(t, 201)
	if links := c.portal.Links(); links[len(links)-1].Intent != "" {
		t.Errorf("Intent = %q of a link whose request had none", links[len(links)-1].Intent)
	}
}

// last is the request that arrived last.
func last(c *caller) portaltest.Request {
	requests := c.portal.Requests()
	return requests[len(requests)-1]
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
		c.send("POST", tc.path, tc.body, tc.edits...)
		got := last(c)
		if len(got.Notes) != 1 || !strings.HasPrefix(got.Notes[0], tc.want) {
			t.Errorf("POST %s %s: Notes = %q, want %q", tc.path, tc.body, got.Notes, tc.want)
		}
	}
	var listed struct{ Data []portaltest.Request }
	decode(t, c.send("GET", sandbox+"/requests", "").body, &listed)
	for i, r := range c.portal.Requests() {
		if !slices.Equal(listed.Data[i].Notes, r.Notes) {
			t.Errorf("request %d: notes at the control address = %q, want %q", i, listed.Data[i].Notes, r.Notes)
		}
	}
	// The last one may still be on its way to the log.
	if got := logged[0].Notes; !slices.Equal(got, c.portal.Requests()[0].Notes) {
		t.Errorf("the log got %q", got)
	}
}

// Strict fields turn a misspelled field into a refusal, in both dialects.
func TestWithStrictFields(t *testing.T) {
	c := inMemory(t, portaltest.WithStrictFields())
	body := c.request("sso", "return_ulr", "https://example.com/")
	if a := c.send("POST", sheetLinks, body).want(t, 400); !strings.Contains(a.body, "'return_ulr' parameter is not known") {
		t.Errorf("body = %s, want the field's name", a.body)
	}
	if a := c.send("POST", liveLinks, body).want(t, 422); !strings.Contains(a.body, `"unknown_field"`) {
		t.Errorf("body = %s, want unknown_field", a.body)
	}
	c.send("POST", liveLinks, `{"organization":"`+c.portal.Organization+`","intent_options":null}`).want(t, 201)
}

// A name that the sender made up stays on one line, and a thousand are not a thousand
// lines.
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
	c.send("POST", sheetLinks, string(body)).want(t, 200)
	notes := last(c).Notes
	if len(notes) != 10 || strings.Contains(strings.Join(notes, ""), "\n") || strings.Contains(strings.Join(notes, ""), c.portal.APIKey) {
		t.Errorf("%d notes, want 10 of one line without the key: %q", len(notes), notes)
	}
}

// A scripted 404 is about the organization that was asked for.
func TestScripted404NamesTheOrganization(t *testing.T) {
	c := inMemory(t)
	c.portal.Fail(portaltest.Fault{Operation: portaltest.OperationGenerateLink, Status: 404})
	c.send("GET", sheetIcons, "")
	a := c.send("POST", liveLinks, c.request("sso", "organization", "org_asked")).want(t, 404)
	sameJSON(t, a.body, `{"message":"Organization not found: 'org_asked'.","code":"entity_not_found","entity_id":"org_asked"}`)
	requests := c.portal.Requests()
	if requests[0].Fault || !requests[1].Fault {
		t.Errorf("Fault = %v and %v, want false and true", requests[0].Fault, requests[1].Fault)
	}
}

// A client that speaks TLS is told apart from silence.
func TestTLSHandshake(t *testing.T) {
	logged := make(chan portaltest.Request, 1)
	srv := portaltest.NewServer(t, portaltest.WithRequestLog(func(r portaltest.Request) { logged <- r }))
	conn, err := net.Dial("tcp", strings.TrimPrefix(srv.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if err := tls.Client(conn, &tls.Config{ServerName: "localhost"}).HandshakeContext(t.Context()); err == nil {
		t.Error("a plain http server shook hands")
	}
	for where, r := range map[string]portaltest.Request{"Requests": srv.Requests()[0], "the log": <-logged} {
		if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "this is plain http") || r.Status != 400 {
			t.Errorf("%s has %+v, want a 400 that says that this is plain http", where, r)
		}
	}
	// The next connection is served.
	(&caller{t: t, portal: srv.Handler, url: srv.URL, hc: inMemory(t).hc}).send("GET", liveIcons, "").want(t, 200)
}
