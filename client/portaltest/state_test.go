package portaltest_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// Secrets look like what they are, and no two portals share them.
func TestSecrets(t *testing.T) {
	a, b := portaltest.NewServer(t), portaltest.NewServer(t)
	if a.APIKey == b.APIKey || a.Organization == b.Organization || a.URL == b.URL {
		t.Error("two portals share a key, an organization or an address")
	}
	for pattern, got := range map[string]string{`^sk_sandbox_[A-Z2-7]{32}$`: a.APIKey, `^org_01[0-9A-Z]{24}$`: a.Organization, `^http://127\.0\.0\.1:[0-9]+$`: a.URL} {
		if !regexp.MustCompile(pattern).MatchString(got) {
			t.Errorf("%q does not match %s", got, pattern)
		}
	}
}

func TestOrganizations(t *testing.T) {
	c := serve(t)
	id := c.portal.AddOrganization("Umbrella")
	c.portal.PutOrganization(portaltest.Organization{ID: "org_x", Name: "X"})
	c.portal.PutOrganization(portaltest.Organization{ID: "org_x", Name: "Y"})
	equal(t, "Organizations()", c.portal.Organizations(), []portaltest.Organization{{ID: c.portal.Organization, Name: "Acme"}, {ID: id, Name: "Umbrella"}, {ID: "org_x", Name: "Y"}})
	page := c.link(sheetLinks, "sso", "organization", id)
	if !c.portal.RemoveOrganization(id) || c.portal.RemoveOrganization(id) {
		t.Error("RemoveOrganization does not say whether it knew it")
	}
	c.post(sheetLinks, c.request("sso", "organization", id), 404)
	c.get(page, 200).has("Umbrella") // a link keeps the name
	if !panics(func() { c.portal.PutOrganization(portaltest.Organization{ID: "acme"}) }) {
		t.Error("PutOrganization took an ID that no request could name")
	}
}

func TestKeys(t *testing.T) {
	c := serve(t)
	second := c.portal.AddKey()
	c.get(sheetIcons, 200, key(second))
	if !c.portal.RemoveKey(c.portal.APIKey) || c.portal.RemoveKey("sk_sandbox_nope") {
		t.Error("RemoveKey does not say whether it was one")
	}
	c.get(sheetIcons, 401)
	c.get(sheetIcons, 401, key("sk_example_123456789"))
	c.get(sheetIcons, 200, header("Authorization", "bearer "+second)) // schemes have no case
	c.get(sheetIcons, 401, header("Authorization", "Bearer  "+second))
	c.get(sheetIcons, 401, key(strings.ToLower(second)))
}

func TestLinks(t *testing.T) {
	c := serve(t)
	c.link(sheetLinks, "dsync", "return_url", "https://example.com/a", "success_url", "https://example.com/b")
	c.post(liveLinks, `{"organization":"`+c.portal.Organization+`","intent":"bring_your_own_key","it_contact_emails":["it@customer.example"]}`, 201)
	c.post(sheetLinks, c.request("saml"), 400)
	links := c.portal.Links()
	for i := range links { // what other tests check
		links[i].URL, links[i].IssuedAt, links[i].ExpiresAt = "", time.Time{}, time.Time{}
	}
	acme := portaltest.Organization{ID: c.portal.Organization, Name: "Acme"}
	equal(t, "Links()", links, []portaltest.Link{
		{Dialect: portaltest.DialectPortalLinks, Organization: acme, Intent: "dsync", ReturnURL: "https://example.com/a", SuccessURL: "https://example.com/b"},
		{Dialect: portaltest.DialectGenerateLink, Organization: acme, Intent: "bring_your_own_key", ITContactEmails: []string{"it@customer.example"}},
	})
	links[1].ITContactEmails[0] = "changed"
	equal(t, "e-mail address after a change of what Links returned", c.portal.Links()[1].ITContactEmails[0], "it@customer.example")
}

// Reset also forgets what was dropped. A link whose page is forgotten is not valid.
func TestReset(t *testing.T) {
	c := serve(t, portaltest.WithRateLimit(2), portaltest.WithExamples(), portaltest.WithKept(1))
	dropped := c.link(sheetLinks, "sso")
	page := c.link(sheetLinks, "sso")
	c.get(dropped, 404)
	equal(t, "Dropped()", c.portal.Dropped(), portaltest.Dropped{Links: 1, Requests: 2})
	other := c.portal.AddKey()
	c.portal.RemoveKey(c.portal.APIKey)
	c.portal.RemoveOrganization(c.portal.Organization)
	c.portal.AddOrganization("Umbrella")
	c.portal.Fail(portaltest.Fault{Status: 500, Times: -1})
	c.portal.Advance(24 * time.Hour)

	c.portal.Reset()
	equal(t, "requests, links and faults after the reset", c.kept(), 0)
	equal(t, "Dropped() after the reset", c.portal.Dropped(), portaltest.Dropped{})
	c.post(sheetLinks, c.request("sso"), 200)
	const example = "org_01EHWNCE74X7JSDV0X3SZ3KJNY"
	c.post(sheetLinks, c.request("sso", "organization", example), 200, key("sk_example_123456789"))
	equal(t, "Organizations()", c.portal.Organizations(), []portaltest.Organization{{ID: c.portal.Organization, Name: "Acme"}, {ID: example, Name: "Example"}})
	c.get(sheetIcons, 200)
	c.get(sheetIcons, 401, key(other))
	c.get(page, 404)
	if off := time.Until(c.portal.Now()); off.Abs() > time.Minute {
		t.Errorf("the clock is off by %v", off)
	}
}

// Links and icons are at the address by which the portal is reached.
func TestBaseURL(t *testing.T) {
	for _, tc := range []struct{ set, asked, want string }{
		{"", "http://portal.test:8080", "http://portal.test:8080"},
		{"", "https://portal.test", "https://portal.test"},
		{"", "http://[::1]:8080", "http://[::1]:8080"},
		{"https://sandbox.example/prefix/", "http://portal.test", "https://sandbox.example/prefix"},
	} {
		c := inMemory(t, portaltest.WithBaseURL(tc.set))
		c.url = tc.asked
		c.post(sheetLinks, c.request("sso"), 200).has(`"` + tc.want + `/portal/launch?secret=`)
		c.get(sheetIcons, 200).has(`"` + tc.want + `/provider-icons/light/okta.svg"`)
		c.get(liveIcons, 200).has(`"` + tc.want + `/provider-icons/dark/okta.svg"`)
	}
	// A server that speaks TLS gives out links that do.
	h := portaltest.NewHandler()
	srv := httptest.NewTLSServer(h)
	t.Cleanup(srv.Close)
	(&caller{t: t, portal: h, url: srv.URL, hc: srv.Client()}).link(liveLinks, "sso")
}

// A server that a test forgot is closed with the test; one without a test, by hand.
func TestClose(t *testing.T) {
	var url string
	t.Run("forgotten", func(t *testing.T) { url = portaltest.NewServer(t).URL })
	if _, err := http.Get(url); err == nil {
		t.Error("the server outlived its test")
	}
	logged := false
	srv := portaltest.NewServer(nil, portaltest.WithRequestLog(func(portaltest.Request) {
		time.Sleep(20 * time.Millisecond) // a Close that did not wait would win
		logged = true
	}))
	srv.Fail(portaltest.Fault{Stall: portaltest.BeforeAnswer})
	done := make(chan error)
	hc := &http.Client{Transport: &http.Transport{}}
	go func() {
		_, err := hc.Get(srv.URL + sheetIcons)
		done <- err
	}()
	for len(srv.Requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	srv.Close()
	if !logged {
		t.Error("Close returned before the last request had ended")
	}
	srv.Close()
	if <-done == nil {
		t.Error("a request outlived its server")
	}
	equal(t, "number of requests that are still listed", len(srv.Requests()), 1)
}
