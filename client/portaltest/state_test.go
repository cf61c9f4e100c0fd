package portaltest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

func mustRequest(ctx context.Context, url string) *http.Request {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		panic(err)
	}
	return r
}

// Secrets look like what they are, and no two portals share them.
func TestSecrets(t *testing.T) {
	a, b := portaltest.NewServer(t), portaltest.NewServer(t)
	if a.APIKey == b.APIKey || a.Organization == b.Organization || a.URL == b.URL {
		t.Error("two portals share a key, an organization or an address")
	}
	for pattern, got := range map[string]string{
		`^sk_sandbox_[A-Z2-7]{32}$`:              a.APIKey,
		`^org_01[0-9A-Z]{24}$`:                   a.Organization,
		`^http://(127\.0\.0\.1|\[::1\]):[0-9]+$`: a.URL,
	} {
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
	want := []portaltest.Organization{{ID: c.portal.Organization, Name: "Acme"}, {ID: id, Name: "Umbrella"}, {ID: "org_x", Name: "Y"}}
	if got := c.portal.Organizations(); !slices.Equal(got, want) {
		t.Errorf("Organizations() = %v, want %v", got, want)
	}
	page := c.link(sheetLinks, "sso", "organization", id)
	if !c.portal.RemoveOrganization(id) || c.portal.RemoveOrganization(id) {
		t.Error("RemoveOrganization does not say whether it knew it")
	}
	c.send("POST", sheetLinks, c.request("sso", "organization", id)).want(t, 404)
	if a := c.send("GET", page, "").want(t, 200); !strings.Contains(a.body, "Umbrella") {
		t.Error("a link's page lost the name of its organization")
	}
	defer func() {
		if recover() == nil {
			t.Error("PutOrganization took an ID that no request could name")
		}
	}()
	c.portal.PutOrganization(portaltest.Organization{ID: "acme"})
}

func TestKeys(t *testing.T) {
	c := serve(t)
	second := c.portal.AddKey()
	c.send("GET", sheetIcons, "", key(second)).want(t, 200)
	if !c.portal.RemoveKey(c.portal.APIKey) || c.portal.RemoveKey("sk_sandbox_nope") {
		t.Error("RemoveKey does not say whether it was one")
	}
	c.send("GET", sheetIcons, "").want(t, 401)
	c.send("GET", sheetIcons, "", key("sk_example_123456789")).want(t, 401)
	c.send("GET", sheetIcons, "", header("Authorization", "bearer "+second)).want(t, 200) // schemes have no case
	c.send("GET", sheetIcons, "", header("Authorization", "Bearer  "+second)).want(t, 401)
	c.send("GET", sheetIcons, "", header("Authorization", "Bearer "+strings.ToLower(second))).want(t, 401)
}

func TestLinks(t *testing.T) {
	c := serve(t)
	c.link(sheetLinks, "dsync", "return_url", "https://example.com/a", "success_url", "https://example.com/b")
	c.send("POST", liveLinks, `{"organization":"`+c.portal.Organization+`","intent":"bring_your_own_key","it_contact_emails":["it@customer.example"]}`).want(t, 201)
	c.send("POST", sheetLinks, c.request("saml")).want(t, 400)
	got := c.portal.Links()
	if len(got) != 2 {
		t.Fatalf("%d links, want 2", len(got))
	}
	acme := portaltest.Organization{ID: c.portal.Organization, Name: "Acme"}
	if l := got[0]; l.Dialect != portaltest.DialectPortalLinks || l.Organization != acme || l.Intent != "dsync" ||
		l.ReturnURL != "https://example.com/a" || l.SuccessURL != "https://example.com/b" || l.ITContactEmails != nil {
		t.Errorf("Links()[0] = %+v", l)
	}
	if l := got[1]; l.Dialect != portaltest.DialectGenerateLink || l.Organization != acme || l.Intent != "bring_your_own_key" ||
		l.ReturnURL != "" || !slices.Equal(l.ITContactEmails, []string{"it@customer.example"}) {
		t.Errorf("Links()[1] = %+v", l)
	}
	got[1].ITContactEmails[0] = "changed"
	if c.portal.Links()[1].ITContactEmails[0] == "changed" {
		t.Error("a change of what Links returned changed what the portal keeps")
	}
}

func TestReset(t *testing.T) {
	c := serve(t, portaltest.WithRateLimit(2), portaltest.WithExamples())
	page := c.link(sheetLinks, "sso")
	other := c.portal.AddKey()
	c.portal.RemoveKey(c.portal.APIKey)
	c.portal.RemoveOrganization(c.portal.Organization)
	c.portal.AddOrganization("Umbrella")
	c.portal.Fail(portaltest.Fault{Status: 500, Times: -1})
	c.portal.Advance(24 * time.Hour)

	c.portal.Reset()
	if got := len(c.portal.Requests()) + len(c.portal.Links()) + len(c.portal.PendingFaults()); got != 0 {
		t.Errorf("%d requests, links and faults are left", got)
	}
	c.send("POST", sheetLinks, c.request("sso")).want(t, 200)
	c.send("POST", sheetLinks, c.request("sso", "organization", "org_01EHWNCE74X7JSDV0X3SZ3KJNY"), key("sk_example_123456789")).want(t, 200)
	if got := c.portal.Organizations(); len(got) != 2 || got[0].ID != c.portal.Organization {
		t.Errorf("Organizations() = %v, want the first and the reference's", got)
	}
	c.send("GET", sheetIcons, "").want(t, 200)
	c.send("GET", sheetIcons, "", key(other)).want(t, 401)
	c.send("GET", page, "").want(t, 404)
	if off := time.Until(c.portal.Now()); off.Abs() > time.Minute {
		t.Errorf("the clock is off by %v", off)
	}
}

// Links and icons are at the address by which the portal is reached.
func TestBaseURL(t *testing.T) {
	for name, tc := range map[string]struct{ set, asked, want string }{
		"from the request": {"", "http://portal.test:8080", "http://portal.test:8080"},
		"over TLS":         {"", "https://portal.test", "https://portal.test"},
		"an address":       {"", "http://[::1]:8080", "http://[::1]:8080"},
		"set":              {"https://sandbox.example/prefix/", "http://portal.test", "https://sandbox.example/prefix"},
	} {
		t.Run(name, func(t *testing.T) {
			c := inMemory(t, portaltest.WithBaseURL(tc.set))
			c.url = tc.asked
			var link struct{ Link string }
			decode(t, c.send("POST", sheetLinks, c.request("sso")).body, &link)
			if !strings.HasPrefix(link.Link, tc.want+"/portal/launch?secret=") {
				t.Errorf("link = %s, want it under %s", link.Link, tc.want)
			}
			if got := c.send("GET", sheetIcons, "").body; !strings.Contains(got, `"`+tc.want+`/provider-icons/light/okta.svg"`) {
				t.Errorf("icons are not under %s: %.200s", tc.want, got)
			}
			if got := c.send("GET", liveIcons, "").body; !strings.Contains(got, `"`+tc.want+`/provider-icons/dark/okta.svg"`) {
				t.Errorf("the CDN's icons are not under %s: %.200s", tc.want, got)
			}
		})
	}
}

// A server that speaks TLS gives out links that do.
func TestHandlerOverTLS(t *testing.T) {
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
	if len(srv.Requests()) != 1 {
		t.Error("what was recorded is gone with the server")
	}
}
