package portaltest_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

func TestRequests(t *testing.T) {
	noon := time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)
	c := serve(t)
	c.portal.SetClock(noon)
	body := c.request("sso", "return_url", "https://example.com/")
	page := c.post(sheetLinks, body, 200).link(c.url)
	c.get(page, 200)
	c.get("/nowhere", 404, key("sk_live_secret"))
	c.get("/provider-icons/light/okta.svg", 200) // a file: not listed
	c.get("/_sandbox/requests", 200)             // nor is the control address
	c.post("/nowhere", strings.Repeat("x", 20<<10), 404)

	var lines []string
	got := c.portal.Requests()
	for _, r := range got {
		lines = append(lines, fmt.Sprintf("%s %s %s %d %s", r.Operation, r.Method, r.Path, r.Status, r.Header.Get("Authorization")))
		if r.ID == "" || r.Time.Sub(noon) < 0 || r.Time.Sub(noon) > time.Minute {
			t.Errorf("%s: ID, Time = %q, %v; want one, about %v", r.Path, r.ID, r.Time, noon)
		}
	}
	equal(t, "requests", lines, []string{
		"generatePortalLink POST /portal_links 200 Bearer REDACTED", "portalPage GET /portal/launch 200 Bearer REDACTED",
		" GET /nowhere 404 Bearer REDACTED", " POST /nowhere 404 Bearer REDACTED",
	})
	equal(t, "Body", got[0].Body, body)
	equal(t, "bytes kept of a long body", len(got[3].Body), 16<<10)
	got[0].Header.Set("Content-Type", "changed")
	equal(t, "Content-Type after a change of what Requests returned", c.portal.Requests()[0].Header.Get("Content-Type"), "application/json")
}

// No key and no secret of a link, wherever a client put it.
func TestRequestsHaveNoSecrets(t *testing.T) {
	var mu sync.Mutex
	var logged []portaltest.Request
	c := serve(t, portaltest.WithRequestLog(func(r portaltest.Request) {
		mu.Lock()
		defer mu.Unlock()
		logged = append(logged, r)
	}))
	page := c.link(sheetLinks, "sso")
	_, secret, _ := strings.Cut(page, "secret=")
	const realKey = "sk_live_a2V5XzAxSzEyMzQ1Njc4OTA"
	c.send("GET", page, "", header("Referer", c.url+page), header("Cookie", "session="+secret), header("X-Secret", secret, "a%3D"+secret, "my_"+c.portal.APIKey))
	c.send("GET", "/"+realKey+page, "")
	c.send("POST", sheetLinks, c.request("sso", "return_url", c.url+page, "key", c.portal.APIKey), header("X-Api-Key", c.portal.APIKey, realKey), header("Authorization", realKey))
	c.send("GET", sheetIcons, "", header("Authorization", realKey+" "+realKey), header("Proxy-Authorization", "Basic "+realKey))

	control := c.send("GET", "/_sandbox/requests", "").body + c.send("GET", "/_sandbox/links", "").body
	c.close()
	mu.Lock()
	defer mu.Unlock()
	for name, text := range map[string]string{"Requests": fmt.Sprintf("%+v", c.portal.Requests()), "log": fmt.Sprintf("%+v", logged), "control": control} {
		for _, hidden := range []string{secret, c.portal.APIKey, realKey, "a2V5"} {
			if strings.Contains(text, hidden) {
				t.Errorf("%s tells %q:\n%s", name, hidden, text)
			}
		}
	}
	equal(t, "number of logged requests", len(logged), 5)
}

// A request is listed while it waits for its answer.
func TestRequestsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		c.portal.Fail(portaltest.Fault{Stall: portaltest.BeforeAnswer})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _, _ = c.try("GET", sheetIcons, "", under(ctx)) }()
		synctest.Wait()
		if got := c.portal.Requests(); len(got) != 1 || got[0].Status != 0 || got[0].Duration != 0 {
			t.Errorf("Requests() = %+v while one waits; want it, without Status and Duration", got)
		}
		cancel()
	})
}

// A client that speaks TLS is told apart from silence.
func TestTLSHandshake(t *testing.T) {
	logged := make(chan portaltest.Request, 2)
	c := serve(t, portaltest.WithRequestLog(func(r portaltest.Request) { logged <- r }))
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if err := tls.Client(conn, &tls.Config{ServerName: "localhost"}).HandshakeContext(t.Context()); err == nil {
		t.Error("a plain http server shook hands")
	}
	for where, r := range map[string]portaltest.Request{"Requests": c.last(), "the log": <-logged} {
		if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "this is plain http") || r.Status != 400 {
			t.Errorf("%s has %+v, want a 400 that says that this is plain http", where, r)
		}
	}
	c.get(liveIcons, 200) // the next connection is served
}
