package portaltest_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/adminportal-go/adminportal/client/portaltest"
)

// rates reads the rate headers.
func (a answer) rates(t testing.TB) (limit, remaining int, reset int64) {
	t.Helper()
	read := func(name string) int64 {
		n, err := strconv.ParseInt(a.header.Get(name), 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	return int(read("X-Ratelimit-Limit")), int(read("X-Ratelimit-Remaining")), read("X-Ratelimit-Reset")
}

// The 101st request in a minute is too many, and the next minute is a new one.
func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, path := range []string{sheetLinks, liveLinks} {
			c := inMemory(t)
			for i := range 100 {
				limit, remaining, reset := c.send("POST", path, c.request("sso")).rates(t)
				if limit != 100 || remaining != 99-i || reset != 60-int64(i/2) {
					t.Fatalf("request %d: limit, remaining, reset = %d, %d, %d; want 100, %d, %d", i, limit, remaining, reset, 99-i, 60-i/2)
				}
				if i%2 == 1 {
					time.Sleep(time.Second)
				}
			}
			a := c.send("POST", path, c.request("sso")).want(t, 429)
			if _, remaining, reset := a.rates(t); remaining != 0 || reset != 10 || a.header.Get("Retry-After") != "10" {
				t.Errorf("after 50 s: remaining, reset, Retry-After = %d, %d, %s; want 0, 10, 10", remaining, reset, a.header.Get("Retry-After"))
			}
			time.Sleep(10*time.Second - time.Millisecond)
			a = c.send("POST", path, c.request("sso")).want(t, 429)
			if got := a.header.Get("Retry-After"); got != "1" {
				t.Errorf("a millisecond before the reset: Retry-After = %s, want 1", got)
			}
			time.Sleep(time.Millisecond)
			a = c.send("POST", path, c.request("sso"))
			if _, remaining, reset := a.rates(t); a.status/100 != 2 || remaining != 99 || reset != 60 {
				t.Errorf("in the next window: %d, remaining, reset = %d, %d; want 2xx, 99, 60", a.status, remaining, reset)
			}
		}
	})
}

func TestRateLimitOptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, portaltest.WithRateLimit(2), portaltest.WithRateWindow(20*time.Second))
		a := c.send("GET", sheetIcons, "").want(t, 200)
		if limit, remaining, reset := a.rates(t); limit != 2 || remaining != 1 || reset != 20 {
			t.Errorf("limit, remaining, reset = %d, %d, %d; want 2, 1, 20", limit, remaining, reset)
		}
		c.send("GET", sheetIcons, "").want(t, 200)
		if got := c.send("GET", sheetIcons, "").want(t, 429).header.Get("Retry-After"); got != "20" {
			t.Errorf("Retry-After = %s, want 20", got)
		}

		// Every key has its own budget, and who has none spends none.
		other := c.portal.AddKey()
		c.send("GET", sheetIcons, "", key(other)).want(t, 200)
		for range 5 {
			a := c.send("GET", sheetIcons, "", key("sk_none")).want(t, 401)
			if _, remaining, _ := a.rates(t); remaining != 2 {
				t.Errorf("a 401's remaining = %d, want the whole 2", remaining)
			}
		}
		// The key without permissions has one as well.
		restricted := c.portal.AddRestrictedKey()
		c.send("GET", sheetIcons, "", key(restricted)).want(t, 401)
		if _, remaining, _ := c.send("GET", sheetIcons, "", key(restricted)).want(t, 401).rates(t); remaining != 0 {
			t.Errorf("the restricted key's remaining = %d, want 0", remaining)
		}
		c.send("GET", sheetIcons, "", key(restricted)).want(t, 429)

		// The CDN knows no keys.
		for range 5 {
			c.send("GET", liveIcons, "", header("Authorization")).want(t, 200)
		}
	})
}

func TestRateLimitOff(t *testing.T) {
	c := serve(t, portaltest.WithRateLimit(-1))
	c.partial = true // no rate headers
	for range 120 {
		a := c.send("GET", sheetIcons, "").want(t, 200)
		for name := range a.header {
			if len(name) > 11 && name[:11] == "X-Ratelimit" {
				t.Fatalf("%s = %s with the limit off", name, a.header.Get(name))
			}
		}
	}
	if limit, _, reset := serve(t, portaltest.WithRateLimit(0), portaltest.WithRateWindow(0)).send("GET", sheetIcons, "").rates(t); limit != 100 || reset != 60 {
		t.Errorf("limit, reset with zeros = %d, %d; want the defaults 100, 60", limit, reset)
	}
}

// Windows end by the portal's clock, and one that was set back has none ahead.
func TestRateLimitFollowsTheClock(t *testing.T) {
	c := serve(t, portaltest.WithRateLimit(1))
	c.send("GET", sheetIcons, "").want(t, 200)
	c.send("GET", sheetIcons, "").want(t, 429)
	c.portal.Advance(time.Minute)
	c.send("GET", sheetIcons, "").want(t, 200)
	c.send("GET", sheetIcons, "").want(t, 429)
	c.portal.SetClock(time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC))
	if _, _, reset := c.send("GET", sheetIcons, "").want(t, 200).rates(t); reset > 60 {
		t.Errorf("reset = %d after the clock was set back, want at most 60", reset)
	}
}
