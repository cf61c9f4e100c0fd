package portaltest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
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
	pattern, got := `^sk_sandbox_[A-Z2-7]{32} org_01[0-9A-Z]{24} http://127\.0\.0\.1:[0-9]+$`, a.APIKey+" "+a.Organization+" "+a.URL
	errorIf(t, !regexp.MustCompile(pattern).MatchString(got), "%q does not match %s", got, pattern)
}

func TestLinks(t *testing.T) {
	c := serve(t)
	c.link(referenceLinks, "dsync", "return_url", "https://example.com/a", "success_url", "https://example.com/b")
	c.post(liveLinks, `{"organization":"`+c.portal.Organization+`","intent":"bring_your_own_key","it_contact_emails":["it@customer.example"]}`, 201)
	c.post(referenceLinks, c.request("saml"), 400)
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
	dropped := c.link(referenceLinks, "sso")
	page := c.link(referenceLinks, "sso")
	c.get(dropped, 404)
	equal(t, "Dropped()", c.portal.Dropped(), portaltest.Dropped{Links: 1, Requests: 2})
	other := c.portal.AddKey()
	c.portal.RemoveKey(c.portal.APIKey)
	c.portal.RemoveOrganization(c.portal.Organization)
	c.portal.AddOrganization("Umbrella")
	c.portal.Fail(portaltest.Fault{Status: 500, Times: -1})
	c.portal.Advance(24 * time.Hour)

	c.portal.Reset()
	equal(t, "requests, links and faults after the reset", len(c.portal.Requests())+len(c.portal.Links())+len(c.portal.PendingFaults()), 0)
	equal(t, "Dropped() after the reset", c.portal.Dropped(), portaltest.Dropped{})
	c.post(referenceLinks, c.request("sso"), 200)
	const example = "org_01EHWNCE74X7JSDV0X3SZ3KJNY"
	c.post(referenceLinks, c.request("sso", "organization", example), 200, key("sk_example_123456789"))
	equal(t, "Organizations()", c.portal.Organizations(), []portaltest.Organization{{ID: c.portal.Organization, Name: "Acme"}, {ID: example, Name: "Example"}})
	c.get(referenceIcons, 200)
	c.get(referenceIcons, 401, key(other))
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
		c.post(referenceLinks, c.request("sso"), 200).has(`"` + tc.want + `/portal/launch?secret=`)
		c.get(referenceIcons, 200).has(`"` + tc.want + `/provider-icons/light/okta.svg"`)
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
	go func() { _, _ = (&http.Client{Transport: &http.Transport{}}).Get(srv.URL + referenceIcons) }()
	for len(srv.Requests()) == 0 { // listed before it is answered
		time.Sleep(time.Millisecond)
	}
	srv.Close()
	equal(t, "the last request had ended when Close returned", logged, true)
	equal(t, "number of requests that are still listed", len(srv.Requests()), 1)
	srv.Close()
}

func TestRequests(t *testing.T) {
	noon := time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)
	c := serve(t)
	c.portal.SetClock(noon)
	body := c.request("sso", "return_url", "https://example.com/")
	issued := c.post(referenceLinks, body, 200)
	c.get(issued.link(c.url), 200)
	c.get("/nowhere", 404, key("sk_live_secret"))
	c.get("/provider-icons/light/okta.svg", 200)                                                    // a file: not listed
	c.get("/_sandbox/requests", 200)                                                                // nor is the control address
	c.post("/nowhere", strings.Repeat("x", 16<<10-60)+issued.link("")+strings.Repeat("x", 99), 404) // a secret where it is cut

	var lines []string
	got := c.portal.Requests()
	for _, r := range got {
		lines = append(lines, fmt.Sprintf("%s %s %s %d %s", r.Operation, r.Method, r.Path, r.Status, r.Header.Get("Authorization")))
		errorIf(t, !strings.HasPrefix(r.ID, "req_") || r.Time.Sub(noon) < 0 || r.Time.Sub(noon) > time.Minute, "%s: ID, Time = %q, %v; want req_…, about %v", r.Path, r.ID, r.Time, noon)
	}
	equal(t, "requests", lines, []string{
		"generatePortalLink POST /portal_links 200 Bearer REDACTED", "portalPage GET /portal/launch 200 Bearer REDACTED",
		" GET /nowhere 404 Bearer REDACTED", " POST /nowhere 404 Bearer REDACTED",
	})
	equal(t, "ID, Body", []string{got[0].ID, got[0].Body}, []string{issued.header.Get("X-Request-Id"), body})
	if kept := got[3].Body; len(kept) != 16<<10 || !strings.Contains(kept, "?secret=REDACTED") {
		t.Errorf("%d bytes of a long body are kept, want 16 KiB without the secret: %s", len(kept), strings.Trim(kept, "x"))
	}
	got[0].Header.Set("Content-Type", "changed")
	equal(t, "Content-Type after a change of what Requests returned", c.portal.Requests()[0].Header.Get("Content-Type"), "application/json")
}

// Concurrent requests are counted, hit and listed in one order.
func TestManyAtOnce(t *testing.T) {
	for range 200 {
		h := portaltest.NewHandler(portaltest.WithRateLimit(4))
		h.Fail(portaltest.Fault{Status: 503}) // costs no budget
		var wg sync.WaitGroup
		for range 9 {
			wg.Go(func() {
				r := httptest.NewRequest("GET", referenceIcons, nil)
				r.Header.Set("Authorization", "Bearer "+h.APIKey)
				h.ServeHTTP(httptest.NewRecorder(), r)
			})
		}
		wg.Wait()
		status := map[int]int{}
		for _, r := range h.Requests() {
			status[r.Status]++
		}
		equal(t, "requests by status", status, map[int]int{503: 1, 200: 4, 429: 4})
		equal(t, "the first is the one that was hit", h.Requests()[0].Fault, true)
		equal(t, "in the order of their times", slices.IsSortedFunc(h.Requests(), func(a, b portaltest.Request) int { return a.Time.Compare(b.Time) }), true)
	}
}

// No key and no secret of a link, wherever a client put it.
func TestRequestsHaveNoSecrets(t *testing.T) {
	logs := make(chan portaltest.Request, 9)
	c := serve(t, portaltest.WithRequestLog(func(r portaltest.Request) { logs <- r }))
	page := c.link(referenceLinks, "sso")
	_, secret, _ := strings.Cut(page, "secret=")
	const realKey = "sk_live_a2V5XzAxSzEyMzQ1Njc4OTA"
	c.send("GET", page, "", header("Referer", c.url+page), header("Cookie", "session="+secret), header("X-Secret", secret, "a%3D"+secret, "my_"+realKey))
	c.send("GET", "/"+realKey+page, "")
	c.send("POST", referenceLinks, c.request("sso", "return_url", c.url+page, "key", c.portal.APIKey), header("X-Api-Key", c.portal.APIKey, realKey), header("Authorization", realKey))
	c.send("GET", referenceIcons, "", header("Authorization", realKey+" "+realKey), header("Proxy-Authorization", "Basic "+realKey))

	control := c.send("GET", "/_sandbox/requests", "").body + c.send("GET", "/_sandbox/links", "").body
	c.close()
	close(logs)
	var logged []portaltest.Request
	for r := range logs {
		logged = append(logged, r)
	}
	for name, text := range map[string]string{"Requests": fmt.Sprintf("%+v", c.portal.Requests()), "log": fmt.Sprintf("%+v", logged), "control": control} {
		for _, hidden := range []string{secret, c.portal.APIKey, realKey, "a2V5"} {
			errorIf(t, strings.Contains(text, hidden), "%s tells %q:\n%s", name, hidden, text)
		}
	}
	equal(t, "number of logged requests", len(logged), 5)
}

// A client that speaks TLS is told apart from silence.
func TestTLSHandshake(t *testing.T) {
	logged := make(chan portaltest.Request, 2)
	c := serve(t, portaltest.WithRequestLog(func(r portaltest.Request) { logged <- r }))
	if _, err := c.hc.Get("https" + strings.TrimPrefix(c.url, "http")); err == nil {
		t.Error("a plain http server shook hands")
	}
	for where, r := range map[string]portaltest.Request{"Requests": c.last(), "the log": <-logged} {
		errorIf(t, len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "this is plain http") || r.Status != 400, "%s has %+v, want a 400 that says that this is plain http", where, r)
	}
	c.get(liveIcons, 200) // the next connection is served
}
