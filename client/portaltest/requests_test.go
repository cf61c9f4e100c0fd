package portaltest_test

import (
	"context"
	"fmt"
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
	page := c.link(sheetLinks, "sso", "return_url", "https://example.com/")
	c.send("GET", page, "")
	c.send("GET", "/nowhere", "", key("sk_live_secret"))
	c.send("GET", "/provider-icons/light/okta.svg", "")
	c.send("GET", "/_sandbox/requests", "")

	got := c.portal.Requests()
	want := []struct {
		operation, method, path string
		status                  int
	}{
		{"generatePortalLink", "POST", "/portal_links", 200},
		{"portalPage", "GET", "/portal/launch", 200},
		{"", "GET", "/nowhere", 404},
	}
	if len(got) != len(want) {
		t.Fatalf("%d requests, want %d: files and the control address are left out", len(got), len(want))
	}
	for i, w := range want {
		r := got[i]
		if r.Operation != w.operation || r.Method != w.method || r.Path != w.path || r.Status != w.status {
			t.Errorf("request %d = %s %s %s %d, want %v", i, r.Operation, r.Method, r.Path, r.Status, w)
		}
		if r.ID == "" || r.Time.Sub(noon) < 0 || r.Time.Sub(noon) > time.Minute {
			t.Errorf("request %d: ID, Time = %q, %v; want one, about %v", i, r.ID, r.Time, noon)
		}
		if got := r.Header.Get("Authorization"); got != "Bearer REDACTED" {
			t.Errorf("request %d: Authorization = %q, want Bearer REDACTED", i, got)
		}
	}
	if want := c.request("sso", "return_url", "https://example.com/"); got[0].Body != want {
		t.Errorf("Body = %s, want %s", got[0].Body, want)
	}
	c.send("POST", "/nowhere", strings.Repeat("x", 20<<10))
	if got := len(c.portal.Requests()[3].Body); got != 16<<10 {
		t.Errorf("%d bytes of a long body are kept, want 16 KiB", got)
	}
	got[0].Header.Set("Content-Type", "changed")
	if c.portal.Requests()[0].Header.Get("Content-Type") == "changed" {
		t.Error("a change of what Requests returned changed what the portal keeps")
	}
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
	if len(logged) != 5 {
		t.Errorf("%d requests were logged, want 5", len(logged))
	}
}

// A request is listed while it waits for its answer.
func TestRequestsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		c.portal.Fail(portaltest.Fault{Stall: portaltest.BeforeAnswer})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _, _ = c.hc.Do(mustRequest(ctx, c.url+sheetIcons)) }()
		synctest.Wait()
		if got := c.portal.Requests(); len(got) != 1 || got[0].Status != 0 || got[0].Duration != 0 {
			t.Errorf("Requests() = %+v while one waits; want it, without Status and Duration", got)
		}
		cancel()
	})
}

// The oldest make room, and Dropped says so.
func TestBounds(t *testing.T) {
	c := inMemory(t, portaltest.WithKept(3))
	first := c.link(sheetLinks, "sso")
	for range 6 {
		c.link(sheetLinks, "sso")
	}
	if links, requests := len(c.portal.Links()), len(c.portal.Requests()); links != 3 || requests != 3 {
		t.Errorf("%d links and %d requests are kept, want 3 and 3", links, requests)
	}
	if got, want := c.portal.Dropped(), (portaltest.Dropped{Links: 4, Requests: 4}); got != want {
		t.Errorf("Dropped() = %+v, want %+v", got, want)
	}
	c.send("GET", first, "").want(t, 404)

	c.portal.Reset()
	if got := c.portal.Dropped(); got != (portaltest.Dropped{}) {
		t.Errorf("Dropped() = %+v after Reset, want zeros", got)
	}
}
